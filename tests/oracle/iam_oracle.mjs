// Reads a simulation of @cloud-copilot/iam-simulate a line from standard input, and writes what it decides of it.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

for await (const line of createInterface({ input: process.stdin })) {
  const found = await runSimulation(JSON.parse(line), {})
  const errors = found.resultType === 'error' ? found.errors : undefined
  process.stdout.write(JSON.stringify({ decision: found.overallResult ?? null, errors, ignored: found.result?.ignoredContextKeys }) + '\n')
}
