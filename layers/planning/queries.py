"""SQL of plans. Names of people come from `staff_name`, which tells them to staff only."""

from __future__ import annotations

from sqlalchemy import text

_PLAN = """
    select p.*, staff_name(created_by) as created_by_name, staff_name(submitted_by) as submitted_by_name,
        staff_name(approved_by) as approved_by_name, staff_name(published_by) as published_by_name,
        staff_name(retired_by) as retired_by_name
    from plan p
"""
LIST = text(f"""{_PLAN} where town_id = :town_id and (cast(:states as text[]) is null or state = any (:states))
    order by created_at desc, plan_id desc limit :limit""")
ONE = text(f"{_PLAN} where plan_id = :plan_id")
ADD = text("""
    insert into plan (plan_id, town_id, name, based_on, created_by, created_at)
    values (:plan_id, :town_id, :name, :moment, :user_id, :moment)
""")
# Of two edits at once the second waits here, finds another version and is compared again.
NEXT = text("""
    update plan set version = version + 1 where plan_id = :plan_id and version = :version and state = 'draft' returning version
""")
ADD_OPERATION = text("""
    insert into plan_operation (plan_id, seq, town_id, client_id, user_id, at, operation, patch, takes_back, codes, summary)
    values (:plan_id, :seq, :town_id, :client_id, :user_id, :at, cast(:operation as jsonb), cast(:patch as jsonb), :takes_back,
        :codes, cast(:summary as jsonb))
""")
PATCHES = text(
    "select patch from plan_operation where plan_id = :plan_id and seq > :after and seq <= :upto order by seq"
)
PATCH = text("select patch from plan_operation where plan_id = :plan_id and seq = :seq")

# The areas that an operation names: who was divided, who stays of those joined, who got something.
_ABOUT = """
    case o.operation ->> 'kind'
        when 'split' then array[o.operation ->> 'leaf']
        when 'merge' then array[o.operation ->> 'into'] || array(select jsonb_array_elements_text(o.operation -> 'codes'))
        when 'hand_over' then array[o.operation ->> 'to']
        when 'cut_out' then array[o.operation ->> 'code']
        when 'describe' then array[o.operation ->> 'code']
        when 'reshape' then array(select jsonb_array_elements_text(o.operation -> 'between'))
        when 'redraw' then array[o.operation ->> 'area']
    end
"""
_STEP = f"""
    select o.seq, o.user_id, staff_name(o.user_id) as user, o.at, o.operation ->> 'kind' as kind, o.codes, o.summary, o.takes_back,
        {_ABOUT} as about,
        coalesce((select b.operation ->> 'kind' = 'undo' from plan_operation b
            where b.plan_id = o.plan_id and b.takes_back = o.seq order by b.seq desc limit 1), false) as taken_back
    from plan_operation o
"""
STEPS = text(f"{_STEP} where o.plan_id = :plan_id order by o.seq desc limit :limit")
STEPS_AFTER = text(f"{_STEP} where o.plan_id = :plan_id and o.seq > :after order by o.seq")
STEP = text(f"{_STEP} where o.plan_id = :plan_id and o.seq = :seq")
EDITORS = text("""
    select user_id, staff_name(user_id) as user, count(*) as steps, max(at) as at from plan_operation
    where plan_id = :plan_id group by user_id order by max(at) desc
""")
# What somebody did, oldest first, each with the last thing that became of it and when.
OWN_STEPS = text("""
    select o.seq, b.seq as last_seq, b.operation ->> 'kind' as last_kind from plan_operation o
    left join lateral (select seq, operation from plan_operation b where b.plan_id = o.plan_id and b.takes_back = o.seq
        order by b.seq desc limit 1) b on true
    where o.plan_id = :plan_id and o.user_id is not distinct from cast(:user_id as int) and o.takes_back is null order by o.seq
""")
# Every code that an area of the town ever had, or that this plan used.
CODES = text("""
    select code from area where town_id = :town_id
    union select unnest(codes) from plan_operation where plan_id = :plan_id
""")
# Every code that an area ever had before a plan was published: what is told of it later stays the same.
AREA_CODES = text("""
    select code from area where town_id = :town_id
        and code not in (select new_code from area_lineage where plan_id = cast(:plan_id as uuid))
""")
# The pieces of border (1e-7 degree) that each operation took out or put in, newest first.
HISTORY = text(f"select s.*, o.patch from ({_STEP} where o.plan_id = :plan_id) s join plan_operation o"
               " on o.plan_id = :plan_id and o.seq = s.seq order by s.seq desc")  # fmt: skip
