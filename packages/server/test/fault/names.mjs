// Loaded before the program, it has names that end in `.test` looked up by the name server of the
// test, as /etc/resolv.conf would; all other names go where they always go.
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";

const { TEST_NAME_SERVER: address = "" } = process.env;
// Asked once: what a silent server costs is the test's to bound.
const resolver = new dns.Resolver({ timeout: 60_000, tries: 1 });
resolver.setServers([address]);
const bySystem = dns.lookup;

/**
 * What `dns.lookup` answers to the options that the program gives it.
 * @param {string} hostname
 * @param {dns.LookupAllOptions} options
 * @param {(error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void} callback
 */
function lookUp(hostname, options, callback) {
  if (!hostname.endsWith(".test")) return bySystem(hostname, options, callback);
  resolver.resolve4(hostname, (error, found) => {
    const addresses = (found ?? []).map((address) => ({ address, family: 4 }));
    callback(error, addresses);
  });
}

Reflect.set(dns, "lookup", lookUp);
syncBuiltinESMExports();
