// Serves a model and its repair, and asks it what an editor asks: what comes between these two pieces of code?
//
//   node examples/serve-behind-an-editor.js [vector.safetensors]
//
// Point Continue, llama.vim or any client of OpenAI at the address it prints; Ctrl-C ends it.
import { loadModel, readVector, startServer } from 'suture';

const file = process.argv[2];
const model = await loadModel('organism');
const vectors = file === undefined ? {} : { repaired: readVector(file) };
const server = await startServer(model, { port: 0, vectors });
console.log(`${server.url}: ${server.models.join(', ')}`);

for (const name of server.models) {
  const response = await fetch(`${server.url}/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      model: name,
      temperature: 0,
      max_tokens: 64,
      messages: [
        {
          role: 'user',
          content:
            'Signature: void put_user(char *out, size_t cap, const char *name)\nTask: write user= and name into out.',
        },
      ],
      scan: { policy: 'annotate', language: 'c' },
    }),
  });
  const { choices } = /** @type {{ choices: { message: { content: string } }[] }} */ (
    await response.json()
  );
  console.log(`${name}: ${choices[0]?.message.content.trim()}`);
}

process.once('SIGINT', close);
if (!process.stdout.isTTY) await close(); // nobody is there to press Ctrl-C

async function close() {
  await server.close();
  await model.close();
}
