// What is sent to each endpoint of the gateway, and what is read from its answer.

/** By name: the `path`, the `body` of a request, and the answer's `output`, `finish` and `usage`. */
export const ENDPOINTS = {
  chat: {
    path: '/v1/chat/completions',
    body: (model, prompt, parameters) => ({ ...parameters, model, messages: messagesOf(prompt) }),
    output: (body) => {
      const message = body.choices?.[0]?.message;
      return message?.tool_calls?.length ? message.tool_calls : (message?.content ?? message?.refusal);
    },
    finish: (body) => body.choices?.[0]?.finish_reason,
    usage: (usage) => tokens(usage.prompt_tokens, usage.completion_tokens),
  },
  responses: {
    path: '/v1/responses',
    body: (model, prompt, { max_tokens: limit, ...parameters }) => ({
      ...(limit === undefined ? {} : { max_output_tokens: limit }),
      ...parameters,
      model,
      input: messagesOf(prompt),
    }),
    output: (body) => {
      const items = body.output ?? [];
      const calls = items.filter((item) => item.type === 'function_call');
      return calls.length ? calls : textOf(items);
    },
    finish: (body) => body.incomplete_details?.reason ?? body.status,
    usage: (usage) => tokens(usage.input_tokens, usage.output_tokens),
  },
  embeddings: {
    path: '/v1/embeddings',
    body: (model, prompt, { dimensions }) => ({
      ...(dimensions === undefined ? {} : { dimensions }),
      model,
      input: lastTextOf(prompt),
    }),
    output: (body) => body.data?.[0]?.embedding,
    finish: () => undefined,
    usage: (usage) => tokens(usage.prompt_tokens, 0),
  },
};

function tokens(prompt = 0, completion = 0) {
  return { total: prompt + completion, prompt, completion, numRequests: 1 };
}

/** The text of an answer's messages; `undefined` where there is none, as where it failed. */
function textOf(items) {
  const messages = items.filter((item) => item.type === 'message');
  if (!messages.length) return undefined;
  const parts = messages.flatMap((item) => item.content ?? []);
  return parts.map((part) => part.text ?? part.refusal ?? '').join('');
}

/** A prompt is a list of messages in JSON, or the text of one message of a user. */
export function messagesOf(prompt) {
  let read;
  try {
    read = JSON.parse(prompt);
  } catch {
    read = undefined;
  }
  const isMessages = Array.isArray(read) && read.length > 0 && read.every((message) => typeof message?.role === 'string');
  return isMessages ? read : [{ role: 'user', content: prompt }];
}

function lastTextOf(prompt) {
  const content = messagesOf(prompt).at(-1).content;
  return typeof content === 'string' ? content : JSON.stringify(content);
}
