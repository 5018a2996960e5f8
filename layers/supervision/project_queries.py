"""SQL of projects. Everything runs under the caller's policies; lateness is counted in days of the town."""

from __future__ import annotations

from sqlalchemy import text

TODAY = text("select (cast(:now as timestamptz) at time zone timezone)::date from town where town_id = scope_town()")
ORG = text("select org_id from organisation where town_id = scope_town() and code = :code")
COLUMNS = """
    p.project_id::text as id, p.name, p.goal, p.starts_on, p.due_on, p.state, p.percent, p.done_on, p.version, p.created_at, p.updated_at,
    p.org_id, o.code as org, o.name as org_name, staff_name(p.created_by) as created_by,
    (select count(*) from project_task t where t.project_id = p.project_id and t.state <> 'cancelled') as tasks,
    (select count(*) from project_task t where t.project_id = p.project_id and t.state = 'done') as tasks_done,
    (select count(*) from project_task t where t.project_id = p.project_id and t.state in ('open', 'doing') and t.due_on < :today)
        as tasks_late,
    (select max(e.at) from project_entry e where e.project_id = p.project_id and e.kind = 'progress') as reported_at
"""
LATE = "(p.state not in ('done', 'cancelled') and p.due_on < :today)"
FROM = "from project p join organisation o using (org_id)"
ONE = text(f"select {COLUMNS} {FROM} where p.project_id = :project_id")
TASKS = text("""
    select t.task_id::text as id, t.name, t.due_on, t.state, t.done_on, t.version, t.org_id, o.code as org, o.name as org_name
    from project_task t join organisation o using (org_id) where t.project_id = :project_id order by t.due_on, t.task_id
""")
ENTRIES = text("""
    select e.entry_id::text as id, e.task_id::text as task, e.kind, e.words, e.percent, e.facts, e.at, staff_name(e.user_id) as by,
        (select coalesce(jsonb_agg(jsonb_build_object('id', c.incident_id, 'case_no', c.case_no, 'title', c.title, 'state', c.state)
            order by c.case_no), '[]') from incident c where c.incident_id = any (e.incident_ids)) as cases,
        (select coalesce(jsonb_agg(jsonb_build_object('id', f.photo_id, 'url', '/api/v1/project-photos/' || f.photo_id,
            'width', f.width_px, 'height', f.height_px, 'taken_at', f.taken_at) order by f.created_at), '[]')
            from project_photo f where f.entry_id = e.entry_id) as photos
    from project_entry e where e.project_id = :project_id order by e.at desc, e.entry_id desc
""")
FIGURES = text(f"""
    select count(*) filter (where p.state not in ('done', 'cancelled')) as open, count(*) filter (where {LATE}) as late,
        count(*) filter (where p.state = 'done') as done from project p
""")
ADD = text("""
    insert into project (town_id, name, goal, org_id, starts_on, due_on, state, created_by, created_at, updated_at)
    values (scope_town(), :name, :goal, :org_id, :starts_on, :due_on, 'running', scope_user(), :now, :now) returning project_id
""")
CHANGE = text("""
    update project set name = :name, goal = :goal, org_id = :org_id, starts_on = :starts_on, due_on = :due_on, state = :state,
        done_on = :done_on where project_id = :project_id and version = :version returning version
""")
HOLD = text(
    "select p.*, o.code as org from project p join organisation o using (org_id) where p.project_id = :project_id"
)
PERCENT = text("update project set percent = :percent where project_id = :project_id")
ADD_TASK = text("""
    insert into project_task (project_id, town_id, name, org_id, due_on, created_at)
    values (:project_id, scope_town(), :name, :org_id, :due_on, :now) returning task_id
""")
HOLD_TASK = text("""
    select t.*, o.code as org, p.org_id as owner_id, p.starts_on as project_starts_on, p.due_on as project_due_on
    from project_task t join organisation o on o.org_id = t.org_id
    join project p using (project_id) where t.task_id = :task_id and t.project_id = :project_id
""")
# The first task that moved days would leave outside, with the day that does it.
OUTSIDE = text("""
    select name, due_on, case when due_on > :due_on then 'due_on' else 'starts_on' end as field from project_task
    where project_id = :project_id and state <> 'cancelled' and (('due_on' = any (:moved) and due_on > :due_on)
        or ('starts_on' = any (:moved) and due_on < :starts_on))
    order by due_on desc, task_id limit 1
""")
CHANGE_TASK = text("""
    update project_task set name = :name, org_id = :org_id, due_on = :due_on, state = :state, done_on = :done_on
    where task_id = :task_id and version = :version returning version
""")
ADD_ENTRY = text("""
    insert into project_entry (project_id, task_id, town_id, kind, words, percent, incident_ids, facts, user_id, at)
    values (:project_id, :task_id, scope_town(), :kind, :words, :percent, :incident_ids, cast(:facts as jsonb), scope_user(), :now)
    returning entry_id
""")
CASES = text("""
    select incident_id, case_no from incident where town_id = scope_town() and case_no = any (:refs)
    union select incident_id, case_no from incident where incident_id = any (cast(:ids as uuid[]))
""")
ENTRY = text("""
    select entry_id, (select timezone from town where town_id = scope_town()) as timezone from project_entry
    where entry_id = :entry_id and project_id = :project_id and user_id = scope_user()
""")
ADD_PHOTO = text("""
    insert into project_photo (entry_id, town_id, sha256, path, width_px, height_px, taken_at, uploaded_by, created_at)
    values (:entry_id, scope_town(), :sha256, :path, :width_px, :height_px, :taken_at, scope_user(), :now)
    on conflict on constraint project_photo_once do nothing returning photo_id
""")
PHOTOS_OF = text("select count(*) from project_photo where entry_id = :entry_id")
SAME_PHOTO = text("select photo_id from project_photo where entry_id = :entry_id and sha256 = :sha256")
PHOTO = text("select path from project_photo where photo_id = :photo_id")
