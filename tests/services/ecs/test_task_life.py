"""A task from RunTask to STOPPED: really run, with its exit code, its output and its reasons."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Make = Callable[..., Any]
LOG = {"awslogs-group": "/x", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}


def lines(logs: Any, task_arn: str, *, group: str = "/x") -> list[str]:
    """What a task has written, as CloudWatch Logs has it."""
    stream = f"p/default/{task_arn.rsplit('/', 1)[-1]}"
    answer = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
    return [event["message"] for event in answer["events"]]


@pytest.fixture(autouse=True)
def cluster(ecs: Any, logs: Any) -> None:
    """The cluster and the log group of every test here."""
    ecs.create_cluster(clusterName="c")
    logs.create_log_group(logGroupName="/x")


def test_runs_and_stops_with_output(
    ecs: Any, logs: Any, fargate: Callable[..., str], run: Callable[..., str], stopped: Callable[..., Any]
) -> None:
    greeting = [{"name": "GREETING", "value": "hola"}]
    task = run(
        fargate("echo hello; echo $GREETING in $AWS_REGION; exit 3", group="/x"),
        overrides={"containerOverrides": [{"name": "default", "environment": greeting}]},
    )
    end = stopped(task)
    assert end["stopCode"] == "EssentialContainerExited"
    assert end["stoppedReason"] == "Essential container in task exited"
    assert end["containers"][0]["exitCode"] == 3
    assert end["containers"][0]["lastStatus"] == "STOPPED"
    assert end["createdAt"] <= end["startedAt"]
    assert end["executionStoppedAt"] <= end["stoppedAt"]
    assert lines(logs, task) == ["hello", "hola in us-east-1"]
    seen = ecs.describe_clusters(clusters=["c"])["clusters"][0]
    assert (seen["runningTasksCount"], seen["pendingTasksCount"]) == (0, 0)


def test_output_is_there_while_it_runs(
    ecs: Any,
    logs: Any,
    fargate: Callable[..., str],
    run: Callable[..., str],
    stopped: Callable[..., Any],
    wait_for: Callable[..., Any],
) -> None:
    task = run(fargate("echo one; read x < /dev/null; exec sleep 600", group="/x"))
    wait_for(lambda: ecs.describe_tasks(cluster="c", tasks=[task])["tasks"][0]["lastStatus"] == "RUNNING")
    wait_for(lambda: lines(logs, task) == ["one"])
    seen = ecs.describe_clusters(clusters=["c"])["clusters"][0]
    assert (seen["runningTasksCount"], seen["pendingTasksCount"]) == (1, 0)
    ecs.stop_task(cluster="c", task=task, reason="seen enough")
    end = stopped(task)
    assert end["containers"][0]["exitCode"] == 143
    assert (end["stopCode"], end["stoppedReason"]) == ("UserInitiated", "seen enough")


def test_one_that_ignores_sigterm_is_killed_after_its_stop_timeout(
    ecs: Any,
    logs: Any,
    fargate: Callable[..., str],
    run: Callable[..., str],
    stopped: Callable[..., Any],
    wait_for: Callable[..., Any],
) -> None:
    script = "trap 'echo term' TERM; echo up; while true; do sleep 0.05; done"
    task = run(fargate(script, group="/x", stopTimeout=1))
    wait_for(lambda: "up" in lines_or_none(logs, task))
    ecs.stop_task(cluster="c", task=task)
    end = stopped(task)
    assert end["containers"][0]["exitCode"] == 137
    assert (end["executionStoppedAt"] - end["stoppingAt"]).total_seconds() >= 1
    assert "term" in lines(logs, task)


def lines_or_none(logs: Any, task: str) -> list[str]:
    """The lines so far; none where the stream is not there yet."""
    try:
        return lines(logs, task)
    except logs.exceptions.ResourceNotFoundException:
        return []


def test_a_command_that_is_not_there(
    fargate: Callable[..., str], run: Callable[..., str], stopped: Callable[..., Any]
) -> None:
    end = stopped(run(fargate("", command=["/no/such/program"])))
    assert (end["stopCode"], end["stoppedReason"]) == ("TaskFailedToStart", "Task failed to start")
    assert end["containers"][0]["reason"].startswith("CannotStartContainerError")


def test_the_images_own_command_is_what_no_process_has(
    fargate: Callable[..., str], run: Callable[..., str]
) -> None:
    with pytest.raises(ClientError, match="`command, left to the image`") as refused:
        run(fargate("", command=[]))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_role_that_ecs_cannot_assume(
    aws: Callable[..., Any],
    role: str,
    fargate: Callable[..., str],
    run: Callable[..., str],
    stopped: Callable[..., Any],
) -> None:
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        '"Principal":{"Service":"ec2.amazonaws.com"}}]}'
    )
    definition = fargate("true", group="/x")
    aws("iam").update_assume_role_policy(RoleName="execution", PolicyDocument=trust)
    end = stopped(run(definition))
    assert end["stopCode"] == "TaskFailedToStart"
    assert end["stoppedReason"].startswith("ECS was unable to assume the role")


class TestLogsAsTheInstance:
    """EC2 launch type without an execution role: output is put as the role of the instance's profile."""

    JOIN = ("ecs:RegisterContainerInstance",)

    @pytest.fixture
    def start(self, ecs: Any, aws: Make, launch: Make, profile: Make, joined: Make) -> Make:
        """`start("echo hi", "logs:CreateLogStream")`: a task on an instance whose role may do this much."""

        def run(script: str, *actions: str, **options: str) -> str:
            name = profile(None)
            self.allow(aws, *actions)
            launch("c", name)
            joined()
            container = {
                "name": "default",
                "image": "busybox",
                "command": ["/bin/sh", "-c", script],
                "memory": 64,
                "logConfiguration": {"logDriver": "awslogs", "options": {**LOG, **options}},
            }
            ecs.register_task_definition(family="say", containerDefinitions=[container])
            arn: str = ecs.run_task(cluster="c", taskDefinition="say")["tasks"][0]["taskArn"]
            return arn

        return run

    def allow(self, aws: Make, *actions: str, resource: str = "*") -> None:
        """Let the instances' role join, and do what is named on the log group."""
        statements = [
            {"Effect": "Allow", "Action": list(self.JOIN), "Resource": "*"},
            {"Effect": "Allow", "Action": [*actions, "logs:Describe*"], "Resource": resource},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        aws("iam").put_role_policy(RoleName="nodes", PolicyName="logs", PolicyDocument=document)

    def test_no_stream_no_start(self, account: str, start: Make, stopped: Make) -> None:
        end = stopped(start("echo never > /dev/null"))
        assert (end["stopCode"], end["stoppedReason"]) == ("TaskFailedToStart", "Task failed to start")
        reason = end["containers"][0]["reason"]
        assert reason.startswith(
            "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to"
            " create Cloudwatch log stream: AccessDeniedException: User: "
            f"arn:aws:sts::{account}:assumed-role/nodes/i-"
        )
        assert "is not authorized to perform: logs:CreateLogStream on resource: " in reason
        assert "exitCode" not in end["containers"][0]

    def test_output_waits_until_the_instance_may_put_it(
        self, logs: Any, aws: Make, start: Make, stopped: Make, wait_for: Make
    ) -> None:
        task = start("echo kept; exit 2", "logs:CreateLogStream")
        assert stopped(task)["containers"][0]["exitCode"] == 2
        assert lines(logs, task) == []
        self.allow(aws, "logs:CreateLogStream", "logs:PutLogEvents")
        wait_for(lambda: lines(logs, task) == ["kept"])

    def test_output_outlives_its_instance(
        self, logs: Any, aws: Make, ecs: Any, start: Make, stopped: Make, wait_for: Make
    ) -> None:
        task = start("echo kept; exec sleep 600", "logs:CreateLogStream")
        wait_for(lambda: ecs.describe_tasks(cluster="c", tasks=[task])["tasks"][0]["lastStatus"] == "RUNNING")
        ec2 = aws("ec2")
        [one] = ec2.describe_instances()["Reservations"]
        ec2.terminate_instances(InstanceIds=[one["Instances"][0]["InstanceId"]])
        stopped(task)
        self.allow(aws, "logs:CreateLogStream", "logs:PutLogEvents")
        wait_for(lambda: lines(logs, task) == ["kept"])

    def test_the_group_must_be_there(self, logs: Any, start: Make, stopped: Make) -> None:
        logs.delete_log_group(logGroupName="/x")
        reason = stopped(start("true", "logs:*"))["containers"][0]["reason"]
        assert "log stream: ResourceNotFoundException: The specified log group does not exist." in reason

    def test_the_group_is_made_where_the_instance_may(
        self, logs: Any, aws: Make, start: Make, stopped: Make
    ) -> None:
        logs.delete_log_group(logGroupName="/x")
        task = start("echo hi", "logs:CreateLogStream", **{"awslogs-create-group": "true"})
        reason = stopped(task)["containers"][0]["reason"]
        assert "failed to create Cloudwatch log group: AccessDeniedException: User: " in reason
        assert "is not authorized to perform: logs:CreateLogGroup on resource: " in reason

    def test_a_role_taken_out_of_the_profile_leaves_no_credentials(
        self, ecs: Any, aws: Make, start: Make, stopped: Make
    ) -> None:
        stopped(start("true", "logs:*"))
        iam = aws("iam")
        iam.remove_role_from_instance_profile(InstanceProfileName="nodes", RoleName="nodes")
        task = ecs.run_task(cluster="c", taskDefinition="say")["tasks"][0]["taskArn"]
        assert (
            "log stream: NoCredentialProviders: no valid providers in chain"
            in (stopped(task)["containers"][0]["reason"])
        )

    def test_who_runs_a_task_lends_it_nothing(
        self, logs: Any, ecs: Any, start: Make, stopped: Make, records: Make
    ) -> None:
        """An administrator's RunTask opens no group to whoever registered the definition."""
        logs.create_log_group(logGroupName="/secure/audit")
        task = start("echo forged", **{"awslogs-group": "/secure/audit"})
        assert stopped(task)["stopCode"] == "TaskFailedToStart"
        assert logs.describe_log_streams(logGroupName="/secure/audit")["logStreams"] == []


def test_a_trust_policy_may_name_account_and_tasks(
    aws: Make, account: str, logs: Any, fargate: Make, run: Make, stopped: Make
) -> None:
    """As the developer guide recommends: aws:SourceAccount, and aws:SourceArn with all of ECS's in a Region."""
    condition = {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:us-east-1:{account}:*"},
    }
    definition = fargate("echo hi", group="/x")
    trust_tasks(aws, condition)
    task = run(definition)
    stopped(task)
    assert lines(logs, task) == ["hi"]


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceAccount": "111111111111"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:*:cluster/c"}},
    ],
)
def test_a_trust_policy_that_names_others_starts_nothing(
    aws: Make, account: str, fargate: Make, run: Make, stopped: Make, condition: Any
) -> None:
    """A cluster cannot be named there (ECS developer guide, "Task IAM role")."""
    definition = fargate("true", group="/x")
    trust_tasks(aws, condition)
    role = f"arn:aws:iam::{account}:role/execution"
    assert stopped(run(definition))["stoppedReason"] == (
        f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being"
        " passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this"
        " role."
    )


def trust_tasks(aws: Make, condition: Any) -> None:
    """Let ecs-tasks assume the role `execution` under a condition."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Condition": condition,
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").update_assume_role_policy(RoleName="execution", PolicyDocument=document)


def test_several_containers_of_a_task(
    ecs: Any, logs: Any, role: str, run: Callable[..., str], stopped: Callable[..., Any]
) -> None:
    """Each has its own command, override, metadata, stream and end, and begins when its turn has come."""
    address = "os.environ['ECS_CONTAINER_METADATA_URI_V4']"
    probe = f"import os,urllib.request as u; print(u.urlopen({address}).read().decode())"
    logging = {"logDriver": "awslogs", "options": LOG}
    shell = {"image": "b", "logConfiguration": logging, "entryPoint": ["/bin/sh", "-c"]}
    definition = ecs.register_task_definition(
        family="several",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=role,
        containerDefinitions=[
            {
                **shell,
                "name": "main",
                "command": ["echo main $WHO"],
                "dependsOn": [{"containerName": "setup", "condition": "SUCCESS"}],
            },
            {**shell, "name": "setup", "command": [f'python3 -c "{probe}"'], "essential": False},
            {**shell, "name": "aside", "command": ["sleep 1000"], "essential": False},
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    override = {"name": "main", "environment": [{"name": "WHO", "value": "overridden"}]}
    end = stopped(run(definition, overrides={"containerOverrides": [override]}))
    assert (end["stopCode"], end["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    ends = {one["name"]: (one["lastStatus"], one["exitCode"]) for one in end["containers"]}
    assert ends == {"main": ("STOPPED", 0), "setup": ("STOPPED", 0), "aside": ("STOPPED", 143)}
    assert len({one["containerArn"] for one in end["containers"]}) == 3

    def written(container: str) -> list[str]:
        stream = f"p/{container}/{end['taskArn'].rsplit('/', 1)[-1]}"
        answer = logs.get_log_events(logGroupName="/x", logStreamName=stream, startFromHead=True)
        return [event["message"] for event in answer["events"]]

    assert written("main") == ["main overridden"]
    assert written("aside") == []
    told = json.loads(written("setup")[0])
    assert (told["Name"], told["ContainerARN"]) == ("setup", end["containers"][1]["containerArn"])


def test_what_does_not_come_fails_the_start_of_the_task(
    ecs: Any, role: str, run: Callable[..., str], stopped: Callable[..., Any]
) -> None:
    sizes = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512"}
    after = [{"containerName": "setup", "condition": "SUCCESS"}]
    containers = [
        {"name": "main", "image": "b", "command": ["true"], "dependsOn": after},
        {"name": "setup", "image": "b", "command": ["false"], "essential": False},
    ]
    definition = ecs.register_task_definition(
        family="several", executionRoleArn=role, containerDefinitions=containers, **sizes
    )["taskDefinition"]["taskDefinitionArn"]
    end = stopped(run(definition))
    assert (end["stopCode"], end["stoppedReason"]) == ("TaskFailedToStart", "Task failed to start")
    main, setup = end["containers"]
    assert "exitCode" not in main
    assert "[setup]" in main["reason"]
    assert setup["exitCode"] == 1


ORDERS = [
    ([{"name": "a"}, {"name": "a"}], "unique"),
    ([{"name": "a", "essential": False}], "at least one essential"),
    ([{"name": "a", "dependsOn": [{"containerName": "b", "condition": "START"}]}], "not another one"),
    (
        [
            {"name": "a", "dependsOn": [{"containerName": "b", "condition": "START"}]},
            {"name": "b", "dependsOn": [{"containerName": "a", "condition": "START"}]},
        ],
        "depend on each other",
    ),
    (
        [{"name": "a"}, {"name": "b", "dependsOn": [{"containerName": "a", "condition": "COMPLETE"}]}],
        "which is essential",
    ),
    (
        [{"name": "a"}, {"name": "b", "dependsOn": [{"containerName": "a", "condition": "HEALTHY"}]}],
        "no health check",
    ),
    ([{"name": "a", "startTimeout": 1}], "startTimeout must be between 2 and 120"),
    ([{"name": "a/b"}], "invalid characters"),
]


@pytest.mark.parametrize(("containers", "text"), ORDERS, ids=[text for _, text in ORDERS])
def test_an_order_that_cannot_be_is_refused(ecs: Any, containers: list[dict[str, Any]], text: str) -> None:
    complete = [{"image": "b", "command": ["true"], "memory": 16, **one} for one in containers]
    with pytest.raises(ClientError, match=text):
        ecs.register_task_definition(family="several", containerDefinitions=complete)
