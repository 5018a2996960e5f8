// The planner: the list of drafts, or one draft on the map.
import { frame } from "../frame.js";
import { draftPage } from "./page.js";
import { plansPage } from "./plans.js";

if (frame.data.plan) draftPage(frame.data.plan);
else plansPage();
