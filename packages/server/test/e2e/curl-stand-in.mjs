// Stands in for curl on machines that have none. It understands the words that the product's first
// document uses and no others, and writes the status behind the body as the tests' .curlrc asks.
const words = process.argv.slice(2);
let method = "";
let url = "";
let body;
/** @type {[string, string][]} */
const headers = [];

while (words.length > 0) {
  const word = words.shift() ?? "";
  if (word === "-X") method = words.shift() ?? "";
  else if (word === "-d") body = words.shift();
  else if (word === "-H") {
    const [name = "", ...rest] = (words.shift() ?? "").split(":");
    headers.push([name, rest.join(":").trim()]);
  } else if (word.startsWith("-") || url !== "") throw new Error(`${word} is not understood here`);
  else url = word;
}

const answer = await fetch(url, {
  method: method || (body === undefined ? "GET" : "POST"),
  headers,
  ...(body === undefined ? {} : { body }),
});
process.stdout.write(`${await answer.text()}\n${answer.status}`);
