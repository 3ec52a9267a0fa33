/**
 * The plan as a person writes it: the one schema of the YAML. Quantities come out in base units.
 *
 * What depends on the workloads, and what settings exclude each other, is checked afterwards (`load.ts`).
 */
import { z } from 'zod';
import { buildReference, guestSchema, linkSchema, pinSchema } from './host-schema.ts';
import { quantity, shaped } from './quantity.ts';

/** Longest window or deadline, in ms: a day. */
const LONGEST_MS = 86_400_000;
/** Most repetitions of a cell. */
export const MAXIMUM_REPETITIONS = 9_999;

const list = <Entry extends z.ZodType>(entry: Entry) =>
  z.array(entry).min(1, { error: 'the list is empty; name at least one' });

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const workloadEntrySchema = z.union([
  z.string().meta({ description: 'The id of a built-in workload.' }),
  z
    .object({
      id: z.string().optional().meta({ description: 'The id of a built-in workload.' }),
      path: z.string().min(1).optional().meta({
        description: "The folder of a workload of one's own, relative to the plan.",
      }),
      label: shaped(/^[A-Za-z0-9][\w+.=,-]*$/, 'a label of letters, digits, "-", "_", "+"')
        .optional()
        .meta({ description: 'The name of this entry in cell ids; absent = derived.' }),
    })
    .catchall(scalar)
    .meta({ description: 'A workload with parameters; see `migbench workloads`.' }),
]);

const qemuName = shaped(
  /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
  "QEMU's own name: lower-case words joined by hyphens",
);
const parametersSchema = z
  .record(qemuName, scalar)
  .meta({ description: "QEMU's migration parameters by its own names, with units." });

const postcopySchema = z.strictObject({
  'start-after': z
    .union([
      z.literal('now'),
      z
        .strictObject({
          passes: z.int().min(1).max(1000).optional(),
          time: quantity('duration', {
            description: 'Time since the migration began.',
            examples: ['2s'],
            maximum: LONGEST_MS,
          }).optional(),
        })
        .refine(({ passes, time }) => (passes === undefined) !== (time === undefined), {
          error: 'exactly one of passes and time is expected',
        }),
    ])
    .default({ passes: 1 })
    .meta({ description: 'When to switch: now, {passes: N} or {time: 2s}.' }),
  recover: z
    .union([z.boolean(), z.literal('never')])
    .default(false)
    .meta({
      description: 'true: cut the link once in post-copy, and recover. never: cut it for good.',
    }),
});

const transportSchema = z.enum(['tcp', 'unix', 'tls', 'exec', 'file']);

const tlsSchema = z
  .strictObject({
    credentials: z.enum(['x509', 'psk']).default('x509').meta({
      description: 'Certificates, or a key that both sides share.',
    }),
    directory: z.string().min(1).optional().meta({
      description:
        "A folder of one's own, with the files that QEMU wants there, relative to the plan; absent = made for the run.",
    }),
    hostname: shaped(/^[A-Za-z0-9][\w.:-]*$/, 'a host name')
      .optional()
      .meta({
        description:
          "With directory: the name in the destination's certificate; absent = its address.",
      }),
  })
  .meta({ description: 'With transport: tls, what the two sides prove themselves with.' });

/** The outcomes a plan can insist on. */
export const expectations = ['completed', 'not-converged', 'failed'] as const;

const probeShape = {
  heartbeat: quantity('duration', {
    description: 'Period of the heartbeat; auto = chosen for the host.',
    examples: ['auto', '1ms'],
    words: ['auto', 'off'],
    minimum: 0.1,
    maximum: 1000,
  }),
  service: z.boolean(),
};

const settingSchema = z
  .strictObject({
    capabilities: z.record(qemuName, z.boolean()).default({}).meta({
      description: "QEMU's migration capabilities by its own names.",
    }),
    parameters: parametersSchema.default({}),
    postcopy: postcopySchema.optional(),
    transport: transportSchema.optional().meta({
      description: "Instead of the plan's.",
    }),
    tls: tlsSchema.optional().meta({ description: "Instead of the plan's." }),
    probes: z
      .union([z.literal('off'), z.strictObject(probeShape).partial()])
      .optional()
      .meta({
        description:
          "Other probes than the plan's; off = nothing but QEMU's events and query-migrate: what do the probes cost?",
      }),
    expect: z.enum(expectations).optional().meta({
      description: 'The only outcome that is not a failure of the run.',
    }),
  })
  .meta({ description: 'One way to migrate.' });

const cellMatchSchema = z.strictObject({
  workload: z.string().optional(),
  setting: z.string().optional(),
  link: z.string().optional(),
  guest: z.string().optional(),
  qemu: z.string().optional(),
});

const window = (description: string, fallback: string) =>
  quantity('duration', { description, examples: [fallback], maximum: LONGEST_MS }).prefault(
    fallback,
  );

/** The plan file. */
export const planSchema = z
  .strictObject({
    name: shaped(/^[A-Za-z0-9][\w.-]{0,63}$/, 'a name of letters, digits, ".", "_", "-"')
      .optional()
      .meta({ description: "The plan's name; absent = the file's name." }),
    guest: z.union([guestSchema, list(guestSchema)]),
    accelerator: z.enum(['auto', 'kvm', 'tcg']).default('auto'),
    qemu: list(
      z.union([
        buildReference,
        z.strictObject({ source: buildReference, destination: buildReference }),
      ]),
    ).default(['system']),
    workloads: list(workloadEntrySchema),
    links: list(linkSchema),
    transport: transportSchema.default('tcp'),
    tls: tlsSchema.optional(),
    settings: z
      .record(
        shaped(/^[A-Za-z0-9][\w+-]*$/, 'a label of letters, digits, "-", "_", "+"'),
        settingSchema.nullable(),
      )
      .refine((settings) => Object.keys(settings).length > 0, {
        error: 'there are no settings; the plainest is "precopy: {}"',
      }),
    parameters: parametersSchema.default({}),
    windows: z
      .strictObject({
        baseline: window('Observed before the migration.', '1s'),
        settle: window('Observed after it, at least.', '1s'),
        'settle-limit': window('Observed after it, at most.', '10s'),
      })
      .prefault({}),
    probes: z
      .strictObject({
        heartbeat: probeShape.heartbeat.default('auto'),
        service: probeShape.service.default(true),
      })
      .prefault({}),
    pin: pinSchema.optional(),
    exclude: z.array(cellMatchSchema).default([]).meta({
      description: 'Cells to leave out: a cell that matches all keys of an entry.',
    }),
    include: z.array(cellMatchSchema).default([]).meta({
      description: 'Cells to keep although an exclude entry matches them.',
    }),
    thresholds: z
      .array(z.string().min(1))
      .default([])
      .meta({
        examples: [['pause_ms.median < 300ms']],
      }),
    repetitions: z.int().min(1).max(MAXIMUM_REPETITIONS).default(5),
    deadline: quantity('duration', {
      description: 'How long a migration may take.',
      examples: ['20s'],
      minimum: 1,
      maximum: LONGEST_MS,
    }).prefault('60s'),
    seed: z.int().min(0).max(0xffffffff).default(1).meta({
      description: 'Decides the order of the trials.',
    }),
  })
  .meta({ title: 'migbench plan', description: 'What `migbench run` runs.' });

/** A valid plan file, in base units. */
export type PlanFile = z.infer<typeof planSchema>;

/** JSON Schema of the plan file, as an editor uses it. */
export function planJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(planSchema, { io: 'input', target: 'draft-2020-12' });
}
