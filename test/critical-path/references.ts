import { call, holds, type Resource, type Template } from './template';

/** What a resource names: resources of its template (and parameters), and exports of other stacks. */
export interface References {
  readonly names: ReadonlySet<string>;
  /** The names of exports as JSON, because they may be put together from intrinsic functions. */
  readonly imports: ReadonlySet<string>;
}

export function referencesOf(template: Template, { DependsOn = [], Properties }: Resource): References {
  const names = new Set(typeof DependsOn === 'string' ? [DependsOn] : DependsOn);
  const imports = new Set<string>();

  function visit(value: unknown): void {
    const [name, argument] = call(value) ?? [];
    switch (name) {
      case 'Ref':
        names.add(argument);
        return;
      case 'Fn::GetAtt':
        names.add(typeof argument === 'string' ? argument.split('.')[0] : argument[0]);
        return;
      case 'Fn::Sub':
        visitSub(argument);
        return;
      case 'Fn::If':
        visit(holds(template, argument[0]) ? argument[1] : argument[2]);
        return;
      case 'Fn::ImportValue':
        imports.add(JSON.stringify(argument));
        visit(argument);
        return;
    }
    if (typeof value === 'object' && value !== null) {
      Object.values(value).forEach(visit);
    }
  }

  function visitSub(argument: string | [string, { [name: string]: unknown }]) {
    const [text, variables] = typeof argument === 'string' ? [argument, {}] : argument;
    for (const [, literal, name] of text.matchAll(/\$\{(!?)([^}]*)\}/g)) {
      if (literal === '' && !(name in variables)) {
        names.add(name.split('.')[0]);
      }
    }
    Object.values(variables).forEach(visit);
  }

  visit(Properties);
  return { names, imports };
}
