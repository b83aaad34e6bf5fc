/** Workflows of one's own that have Perdure answer: model calls are Perdure's, retried, failed over and paid once. */
import { ApplicationFailure, createNexusServiceClient, workflowInfo } from '@temporalio/workflow';

import { ENDPOINT, perdure, type RunOutput, type StepOutput } from './perdure';

const client = createNexusServiceClient({ service: perdure, endpoint: ENDPOINT });

/** Answers an inquiry with one AI step. */
export async function inquiry(text: string, model: string = 'auto'): Promise<StepOutput> {
  const answer = await client.executeOperation('step', {
    template: 'customer_inquiry',
    variables: { inquiry: text },
    model,
  });
  if (answer.state !== 'completed') {
    // A model that fails is an answer too: what follows from it is for this workflow to say.
    throw ApplicationFailure.nonRetryable(answer.error ?? 'no answer', answer.error_kind ?? 'internal');
  }
  return answer;
}

/** Runs a stored pipeline to its end. Cancelled, it cancels the run; a run that fails is thrown. */
export async function report(pipeline: string, input: Record<string, unknown>): Promise<RunOutput> {
  return await client.executeOperation('runPipeline', {
    pipeline,
    input,
    idempotency_key: workflowInfo().workflowId,
  });
}
