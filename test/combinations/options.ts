import * as fs from 'node:fs';
import * as path from 'node:path';
import * as ts from 'typescript';

/** Types by names of props, inherited ones included. */
export type Options = { readonly [prop: string]: string };

const LIB = path.join(__dirname, '../../lib');

function sourceOf(module: string): ts.SourceFile {
  const file = path.join(LIB, `${module}.ts`);
  return ts.createSourceFile(file, fs.readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

/** Every interface of the public API, by name. */
export function publicInterfaces(): { [name: string]: Options } {
  const declared = new Map<string, ts.InterfaceDeclaration>();
  for (const statement of sourceOf('index').statements.filter(ts.isExportDeclaration)) {
    const module = (statement.moduleSpecifier as ts.StringLiteral).text;
    const interfaces = sourceOf(module).statements.filter(ts.isInterfaceDeclaration);
    const named = statement.exportClause as ts.NamedExports | undefined;
    const names = named?.elements.map((element) => element.name.text) ?? interfaces.map(({ name }) => name.text);
    for (const each of interfaces.filter(({ name }) => names.includes(name.text))) declared.set(each.name.text, each);
  }

  const optionsOf = (name: string): Options => {
    const node = declared.get(name);
    const bases = (node?.heritageClauses ?? []).flatMap(({ types }) => types.map((type) => type.getText()));
    const props = [...(node?.members ?? [])].filter(ts.isPropertySignature);
    const own = props.map(({ name: prop, type }) => [prop.getText(), type?.getText() ?? '']);
    return Object.assign({}, ...bases.map(optionsOf), Object.fromEntries(own));
  };
  return Object.fromEntries([...declared.keys()].map((name) => [name, optionsOf(name)]));
}
