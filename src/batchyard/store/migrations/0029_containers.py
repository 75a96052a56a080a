"""What a job asks of an engine, what each container of its attempt did; what SubmitJob changes of a container stands
under its name."""

_CHANGES = """
json_set(document, '$.changes', json(CASE WHEN json_extract(document, '$.changes') = '{{}}' THEN '{{}}' ELSE
json_object('default', json_patch(
json_remove(json_extract(document, '$.changes'), '$.sizes'),
CASE WHEN json_extract(document, '$.changes.sizes') THEN {sizes} ELSE '{{}}' END)) END))
"""
_SIZES = "json_object('sizes', json_object('vcpus', vcpus, 'memory', memory_mib, 'gpus', gpus))"

STATEMENTS: list[str] = [
    "ALTER TABLE batch_attempts ADD COLUMN containers TEXT",
    "ALTER TABLE batch_jobs ADD COLUMN asked TEXT",
    f"""
    UPDATE batch_jobs SET document = {_CHANGES.format(sizes=_SIZES)}
    WHERE document IS NOT NULL AND stopped_ms IS NULL
    """,
    f"""
    UPDATE batch_job_specs SET document =
    {_CHANGES.format(sizes=f"(SELECT {_SIZES} FROM batch_jobs AS j WHERE j.spec_id = batch_job_specs.id LIMIT 1)")}
    """,
]
