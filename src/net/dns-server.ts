import type { HostResolver } from '../base/host-sockets.ts';
import {
  buildFailure,
  buildResponse,
  DNS_CODE,
  DNS_TYPE,
  parseAnswers,
  parseQuery,
  parseReverseName,
} from './dns-message.ts';
import type { DnsData, DnsQuestion } from './dns-message.ts';
import type { EgressPolicy } from './egress-policy.ts';

/** Queries under way at once; a guest that asks more is told to try again. */
const MOST_QUERIES = 128;
/** How long an answer of the host's own means holds (seconds): it does not say. */
const LIFE = 60;
/** Whatever follows the question of a query longer than this is not for a name server. */
const LONGEST_QUERY = 4096;

/** The name server at 10.0.2.3: asks the host's servers, or else the host itself, and keeps to the egress policy. */
export class DnsServer {
  readonly #resolver: HostResolver;
  readonly #policy: EgressPolicy;
  #underWay = 0;

  constructor(resolver: HostResolver, policy: EgressPolicy) {
    this.#resolver = resolver;
    this.#policy = policy;
  }

  /** Answers a query by `respond`, at once or later. False, and no answer, when the message is no query. */
  answer(query: Uint8Array, byStream: boolean, respond: (response: Uint8Array) => void): boolean {
    const question = parseQuery(query);
    if (question === undefined) return false;
    const refusal = this.#refusal(query, question);
    if (refusal !== undefined || 'code' in question) {
      respond(refusal ?? buildFailure(query, DNS_CODE.formatError));
      return true;
    }
    this.#underWay += 1;
    void this.#ask(query, question, byStream).then((response) => {
      this.#underWay -= 1;
      respond(response);
    });
    return true;
  }

  #refusal(query: Uint8Array, question: Exclude<ReturnType<typeof parseQuery>, undefined>): Uint8Array | undefined {
    if ('code' in question) return buildFailure(query, question.code);
    if (!this.#policy.allowsName(question.name)) return buildResponse(query, question, DNS_CODE.refused);
    const isTooMuch = this.#underWay >= MOST_QUERIES || query.length > LONGEST_QUERY;
    return isTooMuch ? buildResponse(query, question, DNS_CODE.serverFailure) : undefined;
  }

  async #ask(query: Uint8Array, question: DnsQuestion, byStream: boolean): Promise<Uint8Array> {
    const relayed = await this.#resolver.relay(query, byStream);
    if (relayed === undefined) return this.#lookUp(query, question);
    if (this.#policy.isOpen) return relayed;
    const addresses = chaseAliases(relayed, question);
    if (addresses === undefined) return buildResponse(query, question, DNS_CODE.serverFailure);
    const refused = addresses.filter(({ address, life }) => !this.#policy.learn(question.name, address, life));
    return refused.length === 0 ? relayed : buildResponse(query, question, DNS_CODE.refused);
  }

  /** Without name servers: what the host knows by other means, such as its hosts file. */
  async #lookUp(query: Uint8Array, question: DnsQuestion): Promise<Uint8Array> {
    const reversed = parseReverseName(question.name);
    let data: readonly DnsData[];
    let exists: boolean;
    if (question.type === DNS_TYPE.ptr && reversed !== undefined) {
      data = (await this.#resolver.reverse(reversed)).map((name) => ({ name }));
      exists = data.length > 0;
    } else if (question.type === DNS_TYPE.a || question.type === DNS_TYPE.aaaa) {
      const addresses = await this.#resolver.lookup(question.name);
      const allowed = addresses.filter((address) => this.#policy.learn(question.name, address, LIFE));
      if (allowed.length < addresses.length) return buildResponse(query, question, DNS_CODE.refused);
      exists = addresses.length > 0;
      // Guests have no IPv6: that a name has other addresses is all there is to say.
      data = question.type === DNS_TYPE.a ? allowed.map((address) => ({ address })) : [];
    } else return buildResponse(query, question, DNS_CODE.serverFailure);
    return buildResponse(query, question, exists ? DNS_CODE.success : DNS_CODE.noName, data, LIFE);
  }
}

/** The addresses that an answer gives for the name in question, by way of its aliases; undefined when it is no answer. */
function chaseAliases(
  message: Uint8Array,
  question: DnsQuestion,
): readonly { readonly address: number; readonly life: number }[] | undefined {
  const records = parseAnswers(message, question);
  if (records === undefined) return undefined;
  const names = new Set([question.name]);
  for (let known = 0; known < names.size;) {
    known = names.size;
    for (const { name, target } of records) if (target !== undefined && names.has(name)) names.add(target);
  }
  return records.flatMap(({ name, address, life }) =>
    address !== undefined && names.has(name) ? [{ address, life }] : [],
  );
}
