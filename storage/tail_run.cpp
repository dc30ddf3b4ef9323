#include "storage/tail_run.hpp"

#include <algorithm>
#include <unordered_set>

#include "repr/error.hpp"
#include "repr/order.hpp"

namespace tailrace::storage {

namespace {

// What a run costs beside its batch: the objects around it.
constexpr std::size_t run_overhead_bytes = 256;

std::shared_ptr<TailRun> run_of(BatchPtr batch, bool errors) {
  ensure(batch->rows > 0, "batches of a delta are never empty");
  auto run = std::make_shared<TailRun>();
  run->errors = errors;
  run->bytes = batch->memory_bytes() + run_overhead_bytes;
  run->min_time = run->max_time = batch->times[0];
  if (!batch->times.is_uniform()) {
    const auto [min, max] = std::ranges::minmax(batch->times.values());
    run->min_time = min;
    run->max_time = max;
  }
  run->batch = std::move(batch);
  return run;
}

}  // namespace

const std::vector<std::pair<std::uint64_t, std::uint32_t>>& TailRun::hashes(
    std::span<const int> columns) const {
  std::call_once(hashed_, [&] {
    std::vector<std::uint64_t> plain;
    hash_rows(*batch, columns, Equality::identity, plain);
    hashes_.reserve(plain.size());
    for (std::size_t row = 0; row < plain.size(); ++row) {
      hashes_.emplace_back(plain[row], static_cast<std::uint32_t>(row));
    }
    std::ranges::sort(hashes_);
  });
  return hashes_;
}

TailRunPtr make_tail_run(BatchPtr batch, bool errors, std::uint64_t sequence) {
  auto run = run_of(std::move(batch), errors);
  run->first_sequence = run->last_sequence = sequence;
  return run;
}

std::vector<TailRunPtr> truncation_of(std::span<const TailRunPtr> tail, std::uint64_t sequence,
                                      Timestamp time) {
  std::unordered_set<const TailRun*> undone;
  for (const auto& run : tail) {
    if (run->undoes) undone.insert(run->undoes.get());
  }
  std::vector<TailRunPtr> undoing;
  for (const auto& run : tail) {
    if (run->undoes || undone.contains(run.get())) continue;
    // Shares the columns: what is new is one time, and the diffs where they are not all the same.
    auto undo =
        run_of(std::make_shared<const Batch>(run->batch->negated().with_time(time)), run->errors);
    undo->first_sequence = undo->last_sequence = sequence;
    undo->bytes = run_overhead_bytes;
    undo->undoes = run;
    undoing.push_back(std::move(undo));
  }
  return undoing;
}

TailRunPtr join_runs(std::span<const TailRunPtr> runs, Timestamp advance_to) {
  std::vector<Batch> batches;
  for (const auto& run : runs) {
    ensure(run->undoes == nullptr && run->errors == runs.front()->errors,
           "only plain runs of one kind are joined");
    batches.push_back(*run->batch);
  }
  const Batch joined = consolidate(concatenate(batches), advance_to);
  if (joined.rows == 0) return nullptr;
  auto run = run_of(std::make_shared<const Batch>(joined), runs.front()->errors);
  run->first_sequence = runs.front()->first_sequence;
  run->last_sequence = runs.back()->last_sequence;
  return run;
}

}  // namespace tailrace::storage
