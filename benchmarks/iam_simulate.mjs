// Decides the workloads of stdin (JSON) with the npm package iam-simulate and tells its rate per CPU second.
// The package is imported from the directory that is given as the argument; nothing of it lives here.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const { runUnsafeSimulation } = await import(pathToFileURL(process.argv[2]).href)
const { seconds, workloads } = JSON.parse(readFileSync(0, 'utf8'))
const OUTCOMES = { Allowed: 'allowed', ExplicitlyDenied: 'explicitDeny', ImplicitlyDenied: 'implicitDeny' }

function cpuSeconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function decide(workload) {
  const simulations = workload.asked.map(({ action, resource, context }) => ({
    request: {
      principal: workload.principal,
      action,
      resource: { resource, accountId: workload.account },
      contextVariables: context
    },
    identityPolicies: workload.policies,
    serviceControlPolicies: [],
    resourceControlPolicies: []
  }))
  const outcomes = simulations.map((one) => OUTCOMES[runUnsafeSimulation(one, {})])
  const warm = cpuSeconds()
  while (cpuSeconds() - warm < seconds / 4) simulations.forEach((one) => runUnsafeSimulation(one, {}))
  const started = cpuSeconds()
  let count = 0
  while (cpuSeconds() - started < seconds) {
    simulations.forEach((one) => runUnsafeSimulation(one, {}))
    count += simulations.length
  }
  return { per_cpu_second: count / (cpuSeconds() - started), outcomes }
}

console.log(JSON.stringify(workloads.map(decide)))
