// Drives a live service with the official client, and prints what it was answered.
// Usage: node official_client.mjs < steps.json > answers.json
// A step is {name, token, call: ["orgs", "listSites"], arguments: [...]}.
import { readFileSync, writeFileSync } from 'node:fs';
import { GitBookAPI, GitBookAPIError } from '@gitbook/api';

const { endpoint, steps } = JSON.parse(readFileSync(0, 'utf8'));
const answers = {};

for (const { name, token, call, arguments: given } of steps) {
    const client = new GitBookAPI({ endpoint, ...(token ? { authToken: token } : {}) });
    const method = call.reduce((owner, key) => owner[key], client);
    try {
        const response = await method(...given);
        answers[name] = { status: response.status, body: response.data };
    } catch (error) {
        if (!(error instanceof GitBookAPIError)) throw error;
        answers[name] = { error: error.name, status: error.code, message: error.errorMessage };
    }
}

writeFileSync(1, JSON.stringify(answers));
