/** The design's own symbols on a 16 px grid: one stroke weight, no icon font. Paths only; colour is the text's. */

export interface Mark {
  readonly fill?: string;
  readonly stroke?: string;
  readonly cut?: string;
  readonly dash?: string;
}

export const MARKS = {
  alarm: { fill: 'M8 .8 15.6 14.8H.4Z', cut: 'M8 5.4v4.6M8 11.6v1.6' },
  fresh: { fill: 'M13 8A5 5 0 1 1 3 8a5 5 0 0 1 10 0Z' },
  waiting: { stroke: 'M13 8A5 5 0 1 1 3 8a5 5 0 0 1 10 0Z' },
  stale: { stroke: 'M13.4 8A5.4 5.4 0 1 1 2.6 8a5.4 5.4 0 0 1 10.8 0Z', dash: '2.6 2.9' },
  lost: { stroke: 'm3 3 10 10M13 3 3 13' },
  open: { stroke: 'M2.8 2.8h10.4v10.4H2.8Z' },
  held: { stroke: 'M14.6 8A6.6 6.6 0 1 1 1.4 8a6.6 6.6 0 0 1 13.2 0ZM6.1 5v6M9.9 5v6' },
  stopped: { fill: 'M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5Z', cut: 'M4 8h8' },
  doubt: {
    stroke: 'M14.6 8A6.6 6.6 0 1 1 1.4 8a6.6 6.6 0 0 1 13.2 0ZM5.9 6.2c.2-1.5 1.1-2 2.2-2 1.2 0 2.1.7 2.1 1.800 0 1.6-2.1 1.5-2.1 3.1M8.1 10.5v1.6',
  },
  decided: {
    stroke: 'M1.4 1.400h13.2v13.2H1.400ZM3.8 10.6c1.6-3.4 2.6-5 3.2-4.6.8.6-1.3 4 .1 4.200 1 .1 1.3-2 2.2-1.9.7.1.4 1.2 2.9.6',
  },
  absent: { stroke: 'M10.800 5A2.8 2.8 0 1 1 5.2 5a2.8 2.8 0 0 1 5.6 0ZM2.6 14.2c.4-3.400 2.600-5 5.400-5s5 1.600 5.400 5', dash: '2 1.600' },
  ask: { stroke: 'M13.2 2.8v10.4H2.8V2.800ZM6 6.400c.2-1.4 1-1.900 2-1.900 1.100 0 1.900.7 1.900 1.700 0 1.500-1.900 1.400-1.900 2.900M8 10.600v1.400' },
  owed: { stroke: 'M3.400 1.400h6l3.200 3.200v10H3.400Z', dash: '2 1.600' },
  overdue: { fill: 'M8 .8 15.200 8 8 15.200.8 8Z', cut: 'M8 4.600V8l2.200 1.600' },
  sent: { stroke: 'M2 8h11M9 4l4 4-4 4' },
  received: { stroke: 'M2 8h9M7.400 4l4 4-4 4M14 3v10' },
  readback: { stroke: 'M3 5.400h10M10.400 2.800 13 5.400l-2.600 2.600M13 10.600H3M5.600 8 3 10.600l2.600 2.600' },
  disputed: { stroke: 'M3 5.800h10M3 10.200h10M11 2 5 14' },
  expired: { stroke: 'M3.500 1.800h9M3.500 14.200h9M4.500 1.800c0 4 7 8.400 7 12.400M11.500 1.800c0 4-7 8.400-7 12.400' },
  concur: { stroke: 'M3 11.5h10M3 6.5h10' },
  exercise: { stroke: 'M1 15 15 1M1 8.6 8.6 1M7.400 15 15 7.400' },
  live: { fill: 'M15 8A7 7 0 1 1 1 8a7 7 0 0 1 14 0Z' },
  replay: { fill: 'M8 2 1 8l7 6Zm7 0L8 8l7 6Z' },
  whatif: { fill: 'M2 1h3v14H2zM5 9h3l4-4-1.6-1.6L15 2l-1.400 4.600L12 5l-4 6H5z' },
} satisfies Record<string, Mark>;

export type MarkName = keyof typeof MARKS;
