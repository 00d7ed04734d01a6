// An OpenID-certified provider: strict about PKCE and redirect URIs; refresh tokens rotate, and the
// second use of one revokes all tokens of its grant. Whoever signs in as `ada` or `ada.2` has the
// email ada@example.com; it is not verified for `ada.new`. Arguments: the redirect URI. Prints its port.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const [redirectUri] = process.argv.slice(2)

const client = (id, method) => ({
  client_id: id,
  client_secret: `secret-of-${id}`,
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: method,
})

// Idle connections stay for longer than any test is slow.
const server = createServer({ keepAliveTimeout: 120_000 })
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address()
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [client('lasting', 'client_secret_basic'), client('fleeting', 'client_secret_post')],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['only for tests'] },
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        name: `Person ${id}`,
        email: `${id.split('.')[0]}@example.com`,
        email_verified: !id.endsWith('.new'),
      }),
    }),
    clockTolerance: 0, // a token that has ended is refused at once
    issueRefreshToken: () => true,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    scopes: ['openid', 'email', 'profile', 'offline_access', 'calendar'],
    ttl: {
      AccessToken: (_context, _token, client) => (client.clientId === 'fleeting' ? 5 : 3600),
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 3600,
    },
  })
  server.on('request', provider.callback())
  process.stdout.write(`${port}\n`)
})
process.stdin.resume().on('end', () => process.exit())
