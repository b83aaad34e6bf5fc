/** The Nexus service of Perdure, as far as these workflows need it: names, and plain JSON. */
import * as nexus from 'nexus-rpc';

export const ENDPOINT = 'perdure-ai';

export interface StepInput {
  prompt?: string;
  template?: string;
  variables?: Record<string, unknown>;
  model?: string;
  fallback_models?: string[];
  /** In USD. */
  cost_limit?: string;
  idempotency_key?: string;
}

export interface StepOutput {
  step_id: string;
  state: 'completed' | 'failed' | 'cancelled';
  content: string;
  model: string | null;
  cost_usd: string | null;
  error_kind: string | null;
  error: string | null;
}

export interface RunInput {
  pipeline: string;
  input?: Record<string, unknown>;
  version?: string;
  idempotency_key?: string;
}

export interface RunOutput {
  run_id: string;
  state: string;
  output: Record<string, unknown>;
  cost_usd: string;
}

export const perdure = nexus.service('perdure.ai', {
  step: nexus.operation<StepInput, StepOutput>({ name: 'step' }),
  runPipeline: nexus.operation<RunInput, RunOutput>({ name: 'run_pipeline' }),
});
