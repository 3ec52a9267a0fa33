/** What the scripts before this one leave in the page. */
declare function vegaEmbed(
  element: HTMLElement,
  spec: unknown,
  options: Readonly<Record<string, unknown>>,
): Promise<{
  readonly view: {
    addEventListener(name: 'click', listener: (event: unknown, item: unknown) => void): void;
  };
  finalize(): void;
}>;
