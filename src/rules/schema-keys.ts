import { z } from "zod";

/** The keys that a schema allows in the map at a path, through all branches; empty where any key goes. */
export function allowedKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const [part, ...rest] = path;
  const keys = unwrapped(schema).flatMap((branch) => {
    if (part === undefined) return keysOf(branch);
    const child = childOf(branch, part);
    return child ? allowedKeys(child, rest) : [];
  });
  return [...new Set(keys)];
}

function keysOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  const names = schema instanceof z.ZodRecord ? schema.def.keyType : undefined;
  return names instanceof z.ZodEnum ? names.options.map(String) : [];
}

/** The schema without what only wraps it; a union gives each of its branches. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrapped);
  if (schema instanceof z.ZodPipe) return unwrapped(schema.def.in);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrapped(schema.def.innerType);
  }
  return [schema];
}

function childOf(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject && typeof part === "string" && Object.hasOwn(schema.shape, part)) {
    return (schema.shape as Readonly<Record<string, z.core.$ZodType>>)[part];
  }
  if (schema instanceof z.ZodArray) return schema.def.element;
  return schema instanceof z.ZodRecord ? schema.def.valueType : undefined;
}
