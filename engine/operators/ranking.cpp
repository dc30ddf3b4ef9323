#include "engine/operators/ranking.hpp"

#include <algorithm>
#include <limits>

#include "engine/operators/settle.hpp"

namespace tailrace::engine {

namespace {

// Rows gathered before they are cut down to what can still win.
constexpr std::size_t rows_between_cuts = 64 << 10;

std::vector<OrderKey> all_keys(const Ranking& ranking) {
  std::vector<OrderKey> keys;
  for (const int column : ranking.group_key) keys.push_back({.column = column});
  keys.insert(keys.end(), ranking.order_by.begin(), ranking.order_by.end());
  return keys;
}

std::vector<std::uint32_t> ordered_rows(const Batch& batch, const std::vector<OrderKey>& keys) {
  std::vector<std::uint32_t> rows = sort_rows(batch, keys);
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t last = first + 1;
    while (last < rows.size() && compare_ordered(batch, rows[first], batch, rows[last], keys) == 0)
      ++last;
    if (last - first > 1) {
      std::stable_sort(rows.begin() + static_cast<std::ptrdiff_t>(first),
                       rows.begin() + static_cast<std::ptrdiff_t>(last),
                       [&](std::uint32_t a, std::uint32_t b) {
                         return compare_rows(batch, a, {}, batch, b, {}, Equality::identity) < 0;
                       });
    }
    first = last;
  }
  return rows;
}

}  // namespace

Batch rank(const Batch& batch, const Ranking& ranking) {
  const std::vector<std::uint32_t> rows = ordered_rows(batch, all_keys(ranking));
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t end = !ranking.limit || *ranking.limit > most - ranking.offset
                                ? most
                                : ranking.offset + *ranking.limit;
  std::vector<std::uint32_t> chosen;
  std::vector<Diff> diffs;
  std::uint64_t seen = 0;  // of the group, with multiplicity
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool new_group = i > 0 && !ranking.group_key.empty() &&
                           !equal_rows(batch, rows[i - 1], ranking.group_key, batch, rows[i],
                                       ranking.group_key, Equality::sql);
    if (new_group) seen = 0;
    const auto weight = static_cast<std::uint64_t>(batch.diffs[rows[i]]);
    const std::uint64_t from = std::max(seen, ranking.offset);
    const std::uint64_t until = std::min(seen + weight, end);
    if (from < until) {
      chosen.push_back(rows[i]);
      diffs.push_back(static_cast<Diff>(until - from));
    }
    seen += weight;
    if (seen >= end && ranking.group_key.empty()) break;
  }
  Batch result = gather(batch, chosen);
  result.times = PerRow<Timestamp>::uniform(0);
  result.diffs = PerRow<Diff>::each(std::move(diffs));
  return result;
}

Batch rank_all(MorselsPtr input, const std::vector<Type>& types, const Ranking& ranking, Run& run) {
  const std::shared_ptr<Settled> settled = settle(std::move(input), types, run);
  // A part's winners contain those of the whole among its rows.
  Ranking partial = ranking;
  partial.offset = 0;
  if (partial.limit) {
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    partial.limit = *ranking.limit > most - ranking.offset ? most : *ranking.limit + ranking.offset;
  }
  struct Buffer {
    std::vector<Batch> batches;
    std::size_t rows = 0;
    std::size_t rows_after_cut = 0;
    std::unique_ptr<HeldMemory> memory;
  };
  std::vector<Buffer> buffers(run.workers_for(*settled));
  for (Buffer& buffer : buffers) buffer.memory = run.hold_memory();
  run.for_each(*settled, [&](std::size_t worker, Batch batch) {
    Buffer& buffer = buffers[worker];
    buffer.memory->add(batch.memory_bytes());
    buffer.rows += batch.rows;
    buffer.batches.push_back(std::move(batch));
    if (!partial.limit || buffer.rows < 2 * buffer.rows_after_cut + rows_between_cuts) return;
    Batch kept = rank(combine(buffer.batches, types), partial);
    buffer.rows = buffer.rows_after_cut = kept.rows;
    buffer.memory->set(kept.memory_bytes());
    buffer.batches.assign(1, std::move(kept));
  });
  settled->finish();
  std::vector<Batch> all;
  for (Buffer& buffer : buffers) {
    for (Batch& batch : buffer.batches) all.push_back(std::move(batch));
  }
  return rank(combine(all, types), ranking);
}

}  // namespace tailrace::engine
