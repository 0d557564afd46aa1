/**
 * Lets the etcd at `url` forget all history but the present: watches from an older revision are refused from then on.
 * Resolves with that revision when it is done. https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/
 */
export async function compactEtcd(url: string): Promise<number> {
  const { header } = (await post(`${url}/v3/kv/range`, { key: base64("\0"), limit: 1 })) as {
    header: { revision: string };
  };
  await post(`${url}/v3/kv/compaction`, { revision: header.revision, physical: true });
  return Number(header.revision);
}

async function post(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`POST ${url}: HTTP ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
