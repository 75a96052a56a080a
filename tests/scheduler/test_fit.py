"""Where a job goes, and which jobs could never run."""

import pytest

from batchyard.scheduler import Place, Wait, plan, reasons
from batchyard.scheduler.fit import InstanceRoom, is_fargate_pair, never_fits, waiting_reason
from scheduler import make

OVER_MAX = reasons.COMPUTE_ENVIRONMENT_MAX_RESOURCE
TOO_LARGE = reasons.JOB_RESOURCE_REQUIREMENT


def where(job, *instances):
    place = InstanceRoom(make.environment(*instances)).place(job)
    return place and place.instance_id


def test_the_instance_with_the_fewest_free_vcpus_that_suffice_is_taken():
    roomy = make.instance("i-1", make.FOUR_XLARGE)
    tight = make.instance("i-2", make.XLARGE, used_vcpus=2)
    full = make.instance("i-3", make.XLARGE, used_vcpus=3)
    assert where(make.job("j", vcpus=2), roomy, tight, full) == "i-2"


def test_memory_counts_as_much_as_vcpus():
    tight = make.instance("i-1", make.XLARGE, used_memory_mib=14_500)
    roomy = make.instance("i-2", make.FOUR_XLARGE)
    assert where(make.job("j", memory_mib=501), tight, roomy) == "i-2"
    assert where(make.job("j", memory_mib=500), tight, roomy) == "i-1"
    assert where(make.job("j", memory_mib=501), tight) is None


def test_gpu_instances_are_kept_for_jobs_that_need_gpus():
    gpu, plain = make.instance("i-1", make.GPU), make.instance("i-2", make.FOUR_XLARGE)
    assert where(make.job("j"), gpu, plain) == "i-2"
    assert where(make.job("j", gpus=1), gpu, plain) == "i-1"
    assert where(make.job("j"), gpu) == "i-1"
    assert where(make.job("j", gpus=1), make.instance("i-1", make.GPU, used_gpus=1), plain) is None


def test_equal_instances_are_taken_by_id():
    assert where(make.job("j"), make.instance("i-b"), make.instance("i-a")) == "i-a"


def test_a_search_passes_many_instances_that_lack_memory():
    starved = [
        make.instance(f"i-{n:03}", make.FOUR_XLARGE, used_vcpus=n % 16, used_memory_mib=59_999)
        for n in range(100)
    ]
    last = make.instance("i-last", make.FOUR_XLARGE, used_vcpus=5)
    assert where(make.job("j", vcpus=4), *starved, last) == "i-last"


@pytest.mark.parametrize("state", ["PENDING", "DRAINING"])
def test_only_active_instances_take_jobs(state):
    assert where(make.job("j"), make.instance("i-1", state=state)) is None


def test_the_first_environment_in_the_queues_order_with_room_is_taken():
    environments = (
        make.environment(make.instance("i-1", used_vcpus=4), arn="first", max_vcpus=4),
        make.environment(make.instance("i-2"), arn="second"),
        make.environment(make.instance("i-3", make.LARGE), arn="third"),
    )
    queue = make.queue(make.job("j"), environments=("first", "second", "third"))
    assert plan(make.snapshot(queue, environments), make.NOW).placements == (Place("j", "second", "i-2"),)
    queue = make.queue(make.job("j"), environments=("third", "second", "first"))
    assert plan(make.snapshot(queue, environments), make.NOW).placements == (Place("j", "third", "i-3"),)


@pytest.mark.parametrize(
    ("vcpus", "memory_mib", "offered"),
    [
        (0.25, 512, True),
        (0.25, 1024, True),
        (0.25, 2048, True),
        (0.25, 1536, False),
        (0.25, 4096, False),
        (0.5, 512, False),
        (0.5, 4096, True),
        (1, 1024, False),
        (1, 8192, True),
        (2, 1024, False),
        (2, 16384, True),
        (4, 30720, True),
        (4, 31744, False),
        (8, 16384, True),
        (8, 17408, False),
        (8, 61440, True),
        (16, 32768, True),
        (16, 36864, False),
        (16, 122880, True),
        (3, 8192, False),
    ],
)
def test_fargate_pairs(vcpus, memory_mib, offered):
    assert is_fargate_pair(vcpus, memory_mib) is offered


@pytest.mark.parametrize(
    ("job", "environment", "reason"),
    [
        (make.job("j", vcpus=5), make.environment(), TOO_LARGE),
        (make.job("j", memory_mib=15_001), make.environment(), TOO_LARGE),
        (make.job("j", gpus=1), make.environment(), TOO_LARGE),
        (make.job("j", gpus=1), make.environment(types=(make.GPU,)), None),
        (make.job("j", vcpus=4), make.environment(max_vcpus=2), OVER_MAX),
        (make.job("j", vcpus=1), make.environment(max_vcpus=1), OVER_MAX),
        (make.job("j", vcpus=4), make.environment(max_vcpus=4), None),
        (make.job("j", vcpus=9), make.environment(make.instance("i", make.FOUR_XLARGE)), None),
        (make.job("j", vcpus=9), make.environment(type="UNMANAGED", types=()), None),
        (make.job("j", vcpus=1, memory_mib=2048), make.fargate(), None),
        (make.job("j", vcpus=1, memory_mib=1024), make.fargate(), TOO_LARGE),
        (make.job("j", vcpus=1, memory_mib=2048, gpus=1), make.fargate(), TOO_LARGE),
        (make.job("j", vcpus=4, memory_mib=8192), make.fargate(max_vcpus=2), OVER_MAX),
    ],
)
def test_what_can_never_run_has_its_reason(job, environment, reason):
    assert never_fits(job, environment) == reason
    made = plan(make.snapshot(make.queue(job), environment), make.NOW)
    if reason is not None:
        assert made.waits == (Wait("j", reason, at_front=True),)


def test_the_reasons_are_the_published_texts():
    assert TOO_LARGE == (
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is "
        "higher than that can be met by the CE(s) attached to the job queue."
    )
    assert OVER_MAX == (
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet "
        "the CPU requirement of the job."
    )
    assert reasons.code(OVER_MAX) == "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
    assert reasons.code(reasons.INVALID_COMPUTE_ENVIRONMENTS) == "ACTION_REQUIRED"


def test_of_several_environments_the_most_hopeful_decides():
    small, capped = make.environment(types=(make.LARGE,)), make.environment(max_vcpus=2)
    large = make.environment(types=(make.FOUR_XLARGE,))
    job = make.job("j", vcpus=4)
    assert waiting_reason(job, [small, capped]) == OVER_MAX
    assert waiting_reason(job, [small, small]) == TOO_LARGE
    assert waiting_reason(job, [small, capped, large]) is None


def test_environments_that_are_invalid_or_disabled():
    job = make.job("j")
    invalid, creating = make.environment(status="INVALID"), make.environment(status="CREATING")
    disabled = make.environment(state="DISABLED")
    assert waiting_reason(job, []) == reasons.INVALID_COMPUTE_ENVIRONMENTS
    assert waiting_reason(job, [invalid]) == reasons.INVALID_COMPUTE_ENVIRONMENTS
    assert waiting_reason(job, [invalid, creating]) is None
    assert waiting_reason(job, [invalid, disabled]) == reasons.UNDETERMINED


def test_what_a_controller_learned_is_told_when_no_other_environment_is_left():
    job, learned = make.job("j"), reasons.SERVICE_ROLE_PERMISSIONS
    denied, healthy = make.environment(wait_reason=learned), make.environment()
    assert waiting_reason(job, [denied]) == learned
    assert waiting_reason(job, [denied, healthy]) is None
    assert waiting_reason(job, [denied, make.environment(state="DISABLED")]) == learned
