/** `npm run workflow -- inquiry "When do you close?"` or `npm run workflow -- report PIPELINE '{"topic": "tea"}'`. */
import { randomUUID } from 'node:crypto';

import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';

import { inquiry, report } from './workflows';

const QUEUE = 'my-typescript-queue';

async function main(name: string, first: string, second?: string): Promise<unknown> {
  const address = process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233';
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  try {
    const worker = await Worker.create({
      connection: native,
      taskQueue: QUEUE,
      workflowsPath: require.resolve('./workflows'),
    });
    const client = new Client({ connection });
    const started = { taskQueue: QUEUE, workflowId: `${name}-${randomUUID()}` };
    return await worker.runUntil(async () => {
      if (name === 'report') {
        const given = JSON.parse(second ?? '{}') as Record<string, unknown>;
        return await client.workflow.execute(report, { ...started, args: [first, given] });
      }
      return await client.workflow.execute(inquiry, { ...started, args: [first, second] });
    });
  } finally {
    await connection.close();
    await native.close();
  }
}

const [name = 'inquiry', first = 'When do you close?', second] = process.argv.slice(2);
main(name, first, second).then(
  (result) => console.log(JSON.stringify(result)),
  (error: unknown) => {
    // The workflow failed of the operation, and that of what Perdure said.
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      console.error(`${cause.name}: ${cause.message}`);
    }
    process.exitCode = 1;
  },
);
