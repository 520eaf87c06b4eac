import type { HomeDatabase } from "./home-database";

type Wave = { cores: number; memoryMib: number; bytes: number };

/**
 * What an application used in the last `days`, as a worker on `node` would have stored it: minutes with a daily wave, and the hours of them.
 * The machine of 4 cores and 16 GiB was looked at all that time.
 */
export async function giveUsage(sql: HomeDatabase, app: string, node: string, days: number, { cores, memoryMib, bytes }: Wave): Promise<void> {
  const wave = sql`(0.6 + 0.4 * sin(2 * pi() * (extract(epoch from t) / 86400)) * (0.8 + 0.2 * sin(extract(epoch from t) / 777)))`;
  await sql`
    insert into node_usage (node_id, step, at, samples, micros, cpu_micros, cpu_most, memory_sum, memory_most, received_bytes, sent_bytes, read_bytes, written_bytes, cores, memory_total, disk_used, disk_total, load_sum)
    select ${node}, 60, t, 6, 60e6, 60e6 * 2.6 * ${wave}, 3.4 * ${wave}, 6 * 9e9 * (0.8 + 0.2 * ${wave}), 1e10 * (0.8 + 0.2 * ${wave}), 6e6 * ${wave}, 4e6 * ${wave}, 1e6, 2e6 * ${wave},
      4, 17179869184, 40e9, 100e9, 6 * 2.8 * ${wave}
    from generate_series(date_trunc('hour', now()) - ${days} * interval '1 day', date_trunc('minute', now()) + interval '3 minutes', interval '1 minute') t
    on conflict do nothing`;
  await sql`
    insert into app_usage (team_id, app_id, node_id, step, at, samples, micros, cpu_micros, cpu_most, memory_sum, memory_most, received_bytes, sent_bytes, read_bytes, written_bytes, container_sum, memory_most_one)
    select a.team_id, a.id, ${node}, 60, t, 6, 60e6, 60e6 * ${cores} * ${wave}, ${cores} * 1.3 * ${wave}, 6 * ${memoryMib} * 1048576.0 * ${wave}, ${memoryMib} * 1048576.0 * ${wave} * 1.02,
      60 * ${bytes} * ${wave}, 120 * ${bytes} * ${wave}, 0, 6 * ${bytes} * ${wave}, 12, ${memoryMib} * 524288.0 * ${wave} * 1.02
    from apps a, generate_series(date_trunc('hour', now()) - ${days} * interval '1 day', date_trunc('minute', now()) + interval '3 minutes', interval '1 minute') t
    where a.id = ${app} on conflict do nothing`;
  for (const [table, keys] of [
    ["app_usage", "team_id, app_id, node_id"],
    ["node_usage", "node_id"],
  ] as const) {
    const [more, moreSums] =
      table === "app_usage"
        ? ["container_sum, memory_most_one", "sum(container_sum), max(memory_most_one)"]
        : ["cores, memory_total, disk_used, disk_total, load_sum", "max(cores), max(memory_total), max(disk_used), max(disk_total), sum(load_sum)"];
    await sql.unsafe(
      `insert into ${table} (${keys}, step, at, samples, micros, cpu_micros, cpu_most, memory_sum, memory_most, received_bytes, sent_bytes, read_bytes, written_bytes, ${more})
       select ${keys}, 3600, date_trunc('hour', at), sum(samples), sum(micros), sum(cpu_micros), max(cpu_most), sum(memory_sum), max(memory_most), sum(received_bytes), sum(sent_bytes), sum(read_bytes), sum(written_bytes), ${moreSums}
       from ${table} where step = 60 and ${table === "app_usage" ? "app_id = $1" : "node_id = $1"} group by ${keys}, date_trunc('hour', at) on conflict do nothing`,
      [table === "app_usage" ? app : node],
    );
  }
  await sql`
    insert into app_disk (team_id, app_id, node_id, at, volume_bytes, image_bytes, writable_bytes)
    select a.team_id, a.id, ${node}, t, ${memoryMib} * 4e6 * (1 + extract(epoch from t - now() + interval '30 days') / 4e6), 9e7, 1e6
    from apps a, generate_series(date_trunc('hour', now()) - ${days} * interval '1 day', date_trunc('hour', now()), interval '1 hour') t
    where a.id = ${app} on conflict do nothing`;
}
