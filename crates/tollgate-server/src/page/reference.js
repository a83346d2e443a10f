// Draws /openapi.json. Everything goes into the page as text, never as markup.

const METHODS = ["post", "get", "put", "delete"];
// How deep nested schemas are drawn before they are folded away.
const UNFOLDED_LEVELS = 2;
const LEVELS_MAX = 6;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Text whose parts between backticks are code. */
function prose(tag, text, properties = {}) {
  const parts = (text ?? "").split("`");
  return element(tag, properties, ...parts.map((part, number) => (number % 2 === 1 ? element("code", { textContent: part }) : part)));
}

function resolve(api, schema) {
  const name = schema?.$ref?.split("/").pop();
  return name ? { ...api.components.schemas[name], schemaName: name } : schema ?? {};
}

/** The type of a schema in a few words. */
function typeOf(api, given) {
  const schema = resolve(api, given);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) {
    return [...new Set(choices.map((choice) => typeOf(api, choice)))].join(" or ");
  }
  if (schema.enum) {
    return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  }
  if (schema.items) {
    return `array of ${typeOf(api, schema.items)}`;
  }
  if (schema.additionalProperties) {
    return `object of ${typeOf(api, schema.additionalProperties)}`;
  }
  const types = [schema.type ?? (schema.allOf ? "object" : "any")].flat().join(" or ");
  return schema.schemaName && types.includes("object") ? schema.schemaName : types;
}

/** The properties of a schema, those of its parts included. */
function propertiesOf(api, given) {
  const schema = resolve(api, given);
  const own = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required ?? []);
  const parts = (schema.allOf ?? []).map((part) => propertiesOf(api, part));
  return [own.map(([name, value]) => ({ name, value, required: required.has(name) })), ...parts].flat();
}

/** The schema inside that has properties of its own: an item, a value, the one choice that is an object. */
function inside(api, given) {
  const schema = resolve(api, given);
  const next = schema.items ?? schema.additionalProperties ?? (schema.oneOf ?? schema.anyOf)?.find((choice) => propertiesOf(api, choice).length > 0);
  if (propertiesOf(api, schema).length > 0 || !next || typeof next !== "object") {
    return schema;
  }
  return inside(api, next);
}

/** What is said of a field; of one that may be null it stands with the other choice. */
function aboutOf(value) {
  return value.description ?? (value.oneOf ?? value.anyOf)?.find((choice) => choice.description)?.description;
}

function fields(api, given, level = 0) {
  const properties = propertiesOf(api, inside(api, given));
  if (properties.length === 0 || level > LEVELS_MAX) {
    return null;
  }
  const items = properties.map(({ name, value, required }) => {
    const nested = fields(api, value, level + 1);
    const folded = nested && level + 1 >= UNFOLDED_LEVELS ? element("details", {}, element("summary", { textContent: "fields" }), nested) : nested;
    const about = aboutOf(value);
    return element("li", {},
      element("span", { className: "name", textContent: name }),
      element("span", { className: "type", textContent: typeOf(api, value) }),
      required ? element("span", { className: "required", textContent: "required" }) : null,
      about ? prose("span", about, { className: "about" }) : null,
      folded);
  });
  return element("ul", { className: "fields" }, ...items);
}

function exampleOf(api, media) {
  const schema = resolve(api, media.schema);
  const choice = resolve(api, schema.oneOf?.[0]);
  return media.example ?? schema.example ?? schema.examples?.[0] ?? choice.example;
}

/** Paragraphs of a description, whose lines break where the code's do. */
function paragraphs(text) {
  return (text ?? "").split(/\n\s*\n/).filter(Boolean).map((part) => prose("p", part));
}

/** The media types of a body, the usual one first: the document has them by name. */
function byMedia(content) {
  const rank = ([type]) => (type === "application/json" ? 0 : 1);
  return Object.entries(content ?? {}).sort((one, other) => rank(one) - rank(other));
}

function contents(api, title, content) {
  return byMedia(content).flatMap(([type, media]) => {
    const example = exampleOf(api, media);
    return [
      element("h3", {}, title, " ", element("code", { textContent: type })),
      fields(api, media.schema) ?? element("p", { className: "none", textContent: typeOf(api, media.schema) }),
      example === undefined ? null : element("pre", {}, element("code", { textContent: JSON.stringify(example, null, 2) })),
    ];
  });
}

function parameters(list) {
  if (!list?.length) {
    return [];
  }
  const items = list.map((parameter) => element("li", {},
    element("span", { className: "name", textContent: parameter.name }),
    element("span", { className: "type", textContent: parameter.in }),
    parameter.required ? element("span", { className: "required", textContent: "required" }) : null,
    prose("span", parameter.description, { className: "about" })));
  return [element("h3", { textContent: "Parameters" }), element("ul", { className: "fields" }, ...items)];
}

function problems(responses) {
  const failures = Object.entries(responses).filter(([, response]) => response.content?.["application/problem+json"]);
  if (failures.length === 0) {
    return [];
  }
  const rows = failures.map(([status, response]) => element("tr", {},
    element("td", { textContent: status }), prose("td", response.description)));
  return [element("details", {}, element("summary", { textContent: "Problems" }), element("table", {}, ...rows))];
}

function drawn(api, { path, method, operation }) {
  const successes = Object.entries(operation.responses).filter(([, response]) => !response.content?.["application/problem+json"]);
  const answers = successes.flatMap(([status, response]) => {
    const parts = contents(api, `Answer ${status}`, response.content).flat();
    return parts.length > 0 ? parts : [element("h3", { textContent: `Answer ${status}` }), element("p", { className: "none", textContent: response.description })];
  });
  return element("section", { className: "operation", id: operation.operationId },
    element("h2", { textContent: operation.summary ?? path }),
    element("div", { className: "path" }, element("span", { className: `method ${method}`, textContent: method.toUpperCase() }), path),
    ...paragraphs(operation.description),
    ...parameters(operation.parameters),
    ...contents(api, "Body", operation.requestBody?.content).flat().filter(Boolean),
    ...answers.filter(Boolean),
    ...problems(operation.responses));
}

function operationsOf(api) {
  return Object.entries(api.paths).flatMap(([path, item]) => METHODS.filter((method) => item[method]).map((method) => {
    const operation = item[method];
    operation.operationId = `${method}-${path.replaceAll(/[^a-z0-9]+/gi, "-")}`;
    return { path, method, operation, words: `${method} ${path} ${operation.summary} ${operation.tags}`.toLowerCase() };
  }));
}

function drawIndex(api, operations, found) {
  const groups = api.tags.map(({ name }) => {
    const links = operations.filter(({ operation, words }) => operation.tags.includes(name) && words.includes(found)).map(({ path, method, operation }) =>
      element("a", { href: `#${operation.operationId}`, title: operation.summary ?? "" },
        element("span", { className: `method ${method}`, textContent: method.toUpperCase() }), path));
    return links.length > 0 ? [element("h3", { textContent: name }), ...links] : [];
  });
  document.querySelector("#index").replaceChildren(...groups.flat());
}

async function draw() {
  const api = await (await fetch("/openapi.json")).json();
  const operations = operationsOf(api);
  const byTag = api.tags.flatMap(({ name }) => operations.filter(({ operation }) => operation.tags[0] === name));
  document.querySelector("#operations").replaceChildren(
    element("h1", { textContent: `${api.info.title} API` }),
    ...paragraphs(api.info.description),
    ...byTag.map((operation) => drawn(api, operation)));
  const find = document.querySelector("#find");
  find.addEventListener("input", () => drawIndex(api, operations, find.value.trim().toLowerCase()));
  drawIndex(api, operations, "");
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

draw().catch((error) => {
  document.querySelector("#operations").replaceChildren(element("p", { textContent: `/openapi.json could not be drawn: ${error.message}` }));
});
