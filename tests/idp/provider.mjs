// A certified OpenID provider for the tests. node provider.mjs '<settings as JSON>'
// settings: port, skew (seconds its clock is ahead), clients, users (by login: claims), userinfo (claims are told there only). A line of its input replaces the users.
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

const { port, skew = 0, clients, userinfo = false, ...settings } = JSON.parse(process.argv[2]);
let { users } = settings;
const now = Date.now.bind(Date);
Date.now = () => now() + skew * 1000;

const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients,
  cookies: { keys: ['for tests only'] },
  pkce: { required: () => true },
  claims: {
    openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'],
    company: ['groups', 'employee_number', 'tid', 'realm_access'],
  },
  scopes: ['openid', 'profile', 'email', 'company'],
  acrValues: ['phr'],
  ttl: { IdToken: 300 },
  conformIdTokenClaims: userinfo, // false: the claims of the scopes are in the id_token too
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
  // Sign-outs are told to the test's own server, on the loopback interface: its guard keeps it from there.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  findAccount: (_, id) => users[id] && { accountId: id, claims: () => ({ sub: id, ...users[id] }) },
});
// Who signs in as «name+key» proved it by a key; by the provider's own forms nobody proves anything.
provider.use(async (ctx, next) => {
  if (ctx.method !== 'POST' || !ctx.path.startsWith('/interaction/')) return next();
  const chunks = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
  ctx.req.body = form;
  const [accountId, key] = (form.login ?? '').split('+');
  if (form.prompt !== 'login' || key !== 'key') return next();
  ctx.respond = false;
  return provider.interactionFinished(ctx.req, ctx.res, { login: { accountId, acr: 'phr' } });
});
provider.on('server_error', (_, err) => console.error(err));
provider.on('backchannel.error', (_, err) => console.error(err));
createInterface({ input: process.stdin })
  .on('line', (line) => { users = JSON.parse(line); console.log('users'); })
  .on('close', () => process.exit(0));
provider.listen(port, '127.0.0.1', () => console.log(`ready ${issuer}`));
