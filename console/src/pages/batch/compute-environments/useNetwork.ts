// The default VPC's subnets and security group of a Region: what a new environment uses where nothing is said.

import { DescribeSecurityGroupsCommand, DescribeSubnetsCommand } from "@aws-sdk/client-ec2";
import { useQuery } from "@tanstack/react-query";

import { ec2 } from "../../../aws";

export interface Network {
  subnets: string[];
  groups: string[];
}

export function useNetwork(region: string): Network {
  const { data } = useQuery({
    queryKey: ["network", region],
    queryFn: async (): Promise<Network> => {
      const client = ec2(region);
      const subnets = await client.send(
        new DescribeSubnetsCommand({ Filters: [{ Name: "default-for-az", Values: ["true"] }] }),
      );
      const VpcId = subnets.Subnets?.[0]?.VpcId ?? "";
      const groups = await client.send(
        new DescribeSecurityGroupsCommand({
          Filters: [
            { Name: "group-name", Values: ["default"] },
            { Name: "vpc-id", Values: [VpcId] },
          ],
        }),
      );
      return {
        subnets: (subnets.Subnets ?? []).map((one) => one.SubnetId as string),
        groups: (groups.SecurityGroups ?? []).map((one) => one.GroupId as string),
      };
    },
    retry: false,
  });
  return data ?? { subnets: [], groups: [] };
}
