/** `npm run http -- "When do you close?"`: the same AI step over plain HTTP, without Temporal. */

const url = process.env.PERDURE_URL ?? 'http://127.0.0.1:8321';

async function step(inquiry: string, model: string): Promise<unknown> {
  const answer = await fetch(`${url}/api/steps`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${process.env.PERDURE_API_KEY}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      template: 'customer_inquiry',
      variables: { inquiry },
      model,
      wait: 60,
    }),
  });
  if (!answer.ok) {
    // What is wrong with a request is told as a problem (RFC 9457).
    throw new Error(`${answer.status}: ${await answer.text()}`);
  }
  return await answer.json();
}

const [inquiry = 'When do you close?', model = 'auto'] = process.argv.slice(2);
step(inquiry, model).then(
  (answer) => console.log(JSON.stringify(answer)),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
