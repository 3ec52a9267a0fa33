/** The hosts in a plan's schema: guests, links, QEMU builds, and the processors that they are kept to. */
import { z } from 'zod';
import { quantity, shaped } from './quantity.ts';

export const guestSchema = z
  .strictObject({
    memory: quantity('bytes', {
      description: 'Guest memory.',
      examples: ['384MiB', '2GiB'],
      minimum: 1024 * 1024,
      maximum: 2 ** 44,
    }),
    vcpus: z.int().min(1).max(255).default(1).meta({ description: 'Virtual CPUs.' }),
    machine: shaped(/^[A-Za-z0-9][\w.-]*$/, 'a QEMU machine type such as pc or q35').optional(),
    cpu: shaped(/^[A-Za-z0-9][\w.,+=-]*$/, 'a QEMU CPU model such as max or host').optional(),
    backend: z.enum(['ram', 'memfd', 'hugepages']).default('ram').meta({
      description: 'Where the guest memory comes from.',
    }),
    storage: z.enum(['shared', 'mirror']).default('shared').meta({
      description:
        "The guest's own disk: one that both hosts open, or a copy on each, mirrored over the link (NBD).",
    }),
    'dirty-ring': z
      .int()
      .min(1024)
      .max(65_536)
      .refine((entries) => Number.isInteger(Math.log2(entries)), {
        error: 'expected a power of two, such as 4096',
      })
      .optional()
      .meta({
        description:
          "Entries of KVM's dirty ring per vCPU, a power of two; absent = a bitmap. KVM only.",
      }),
    image: shaped(/^debian:[a-z][a-z-]*$/, 'a Debian suite such as debian:trixie')
      .optional()
      .meta({ description: 'The Debian suite of the guest; absent = the default one.' }),
  })
  .meta({ description: 'The shape of a guest.' });

export const linkSchema = z
  .strictObject({
    bandwidth: quantity('bits-per-second', {
      description: 'Rate of the migration link, both ways; at least 1 Mbit/s.',
      examples: ['1Gbit/s', 'unlimited'],
      words: ['unlimited'],
      minimum: 1e6,
    }),
    delay: quantity('duration', {
      description: 'Added delay in each direction.',
      examples: ['2ms'],
      maximum: 10_000,
    }).optional(),
    loss: quantity('percent', {
      description: 'Packets lost in each direction.',
      examples: ['0.1%'],
      maximum: 90,
    }).optional(),
    competing: quantity('bits-per-second', {
      description:
        'A constant stream from source to destination beside the migration; at least 1 Mbit/s.',
      examples: ['300Mbit/s'],
      minimum: 1e6,
    }).optional(),
  })
  .refine(({ bandwidth, competing = 0 }) => bandwidth === 'unlimited' || competing < bandwidth, {
    path: ['competing'],
    error: 'must be less than the bandwidth of the link: nothing would be left for the migration',
  })
  .meta({ description: 'A migration link.' });

export const buildReference = z.string().meta({
  description: 'A QEMU build: system, path:FILE, debian:SUITE or debian:SUITE=VERSION.',
  examples: ['system', 'debian:trixie', 'path:/opt/qemu/bin/qemu-system-x86_64'],
});

/** Processors by the kernel's numbers: `0`, `2-3`, `0,2-3`. */
const processorsSchema = z
  .union([z.int().min(0), z.string()])
  .transform(String)
  .pipe(
    shaped(/^\d{1,4}(?:-\d{1,4})?(?:,\d{1,4}(?:-\d{1,4})?)*$/, 'processors such as 0 or 0,2-3'),
  );

export const pinSchema = z
  .strictObject({
    source: processorsSchema.optional(),
    destination: processorsSchema.optional(),
    observers: processorsSchema.optional(),
  })
  .meta({
    description:
      'Processors for the source QEMU, the destination QEMU and the observers (migbench itself and its clients).',
    examples: [{ source: '0', destination: '1', observers: '2-3' }],
  });
