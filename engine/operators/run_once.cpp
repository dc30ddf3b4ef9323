#include "engine/operators/run_once.hpp"

#include <limits>

#include "engine/operators/ranking.hpp"
#include "engine/operators/run.hpp"
#include "engine/operators/settle.hpp"

namespace tailrace::engine {

namespace {

MorselsPtr open_constant(const plan::Constant& node, Run& run) {
  if (node.error) {
    run.errors().add(*node.error, 1);
    return morsels_of({}, run);
  }
  return morsels_of({*node.rows}, run);
}

MorselsPtr open_local(const plan::GetLocal& node, Run& run) {
  const MorselsPtr value = run.local(node.id);
  ensure(value != nullptr, "a local binding is used inside its body only");
  return value;
}

MorselsPtr open_whole(const Plan& plan, const plan::GetCollection& node, Run& run) {
  std::vector<int> columns(plan.types.size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<int>(i);
  return open_scan(node, std::move(columns), {}, run);
}

constexpr std::size_t rows_per_batch = 32 << 10;

// Every diff 1: rows as often as they count, skipping the first `offset` and stopping after
// `limit`.
class Emitter {
 public:
  Emitter(const Finishing& finishing, std::uint64_t offset, std::uint64_t limit,
          const std::function<void(Batch)>& sink)
      : finishing_(finishing), to_skip_(offset), left_(limit), sink_(sink) {}

  bool is_done() const { return left_ == 0; }

  void emit(const Batch& batch) {
    if (is_done()) return;
    const Batch projected = batch.project(finishing_.projection);
    const bool plain = batch.diffs.is_uniform() && batch.diffs.uniform_value() == 1;
    if (plain && to_skip_ == 0 && batch.rows <= left_) {
      left_ -= batch.rows;
      sink_(projected.with_time(0));
      return;
    }
    std::vector<std::uint32_t> rows;
    for (std::size_t row = 0; row < batch.rows && left_ > 0; ++row) {
      auto times = static_cast<std::uint64_t>(batch.diffs[row]);
      const std::uint64_t skipped = std::min(times, to_skip_);
      to_skip_ -= skipped;
      times = std::min(times - skipped, left_);
      left_ -= times;
      while (times > 0) {
        const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(times, rows_per_batch));
        rows.insert(rows.end(), now, static_cast<std::uint32_t>(row));
        times -= now;
        if (rows.size() >= rows_per_batch) flush(projected, rows);
      }
    }
    flush(projected, rows);
  }

 private:
  void flush(const Batch& batch, std::vector<std::uint32_t>& rows) {
    if (rows.empty()) return;
    sink_(gather(batch, rows).with_diff(1).with_time(0));
    rows.clear();
  }

  const Finishing& finishing_;
  std::uint64_t to_skip_;
  std::uint64_t left_;
  const std::function<void(Batch)>& sink_;
};

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

void finish_ordered(MorselsPtr rows, const PlanPtr& plan, const Finishing& finishing, Run& run,
                    const std::function<void(Batch)>& sink) {
  const Ranking ranking{.group_key = {},
                        .order_by = finishing.order_by,
                        .limit = finishing.limit,
                        .offset = finishing.offset};
  const Batch ranked = rank_all(std::move(rows), plan->types, ranking, run);
  run.errors().check();
  Emitter emitter(finishing, 0, no_limit, sink);
  for (std::size_t first = 0; first < ranked.rows; first += rows_per_batch) {
    run.check_cancel();
    emitter.emit(slice(ranked, first, std::min(rows_per_batch, ranked.rows - first)));
  }
}

void finish_unordered(MorselsPtr rows, const PlanPtr& plan, const Finishing& finishing, Run& run,
                      const std::function<void(Batch)>& sink) {
  const std::shared_ptr<Settled> settled = settle(std::move(rows), plan->types, run);
  Emitter emitter(finishing, finishing.offset, finishing.limit.value_or(no_limit), sink);
  std::mutex mutex;
  if (!emitter.is_done()) {
    run.for_each(*settled, [&](std::size_t, const Batch& batch) {
      const std::lock_guard lock(mutex);
      emitter.emit(batch);
      if (emitter.is_done()) run.stop();
    });
  }
  if (!emitter.is_done()) settled->finish();
  run.errors().check(emitter.is_done());
}

}  // namespace

MorselsPtr open(const PlanPtr& plan, Run& run) {
  run.check_cancel();
  const Plan::Node& node = plan->node;
  if (const auto* get = std::get_if<plan::GetCollection>(&node))
    return open_whole(*plan, *get, run);
  if (const auto* local = std::get_if<plan::GetLocal>(&node)) return open_local(*local, run);
  if (const auto* constant = std::get_if<plan::Constant>(&node))
    return open_constant(*constant, run);
  if (const auto* mfp = std::get_if<plan::MapFilterProject>(&node))
    return open_map_filter_project(*plan, *mfp, run);
  if (const auto* flat_map = std::get_if<plan::FlatMap>(&node))
    return open_flat_map(*plan, *flat_map, run);
  if (const auto* join = std::get_if<plan::Join>(&node)) return open_join(*join, {}, run);
  if (const auto* reduce = std::get_if<plan::Reduce>(&node))
    return open_reduce(*plan, *reduce, run);
  if (const auto* top_k = std::get_if<plan::TopK>(&node)) return open_top_k(*top_k, run);
  if (const auto* negate = std::get_if<plan::Negate>(&node)) return open_negate(*negate, run);
  if (const auto* threshold = std::get_if<plan::Threshold>(&node))
    return open_threshold(*threshold, run);
  if (const auto* all = std::get_if<plan::Union>(&node)) return open_union(*all, run);
  if (const auto* arranged = std::get_if<plan::ArrangeBy>(&node)) return open(arranged->input, run);
  if (const auto* window = std::get_if<plan::Window>(&node))
    return open_window(*plan, *window, run);
  if (const auto* let = std::get_if<plan::Let>(&node)) return open_let(*let, run);
  return open_let_rec(std::get<plan::LetRec>(node), run);
}

void run_once(const PlanPtr& plan, const OnceOptions& options,
              const std::function<void(Batch)>& sink) {
  Run run(options);
  const MorselsPtr rows = open(plan, run);
  std::mutex mutex;
  run.for_each(*rows, [&](std::size_t, Batch batch) {
    const std::lock_guard lock(mutex);
    sink(std::move(batch));
  });
  run.errors().check();
}

void run_once(const PlanPtr& plan, const Finishing& finishing, const OnceOptions& options,
              const std::function<void(Batch)>& sink) {
  Run run(options);
  MorselsPtr rows = open(plan, run);
  if (finishing.order_by.empty()) {
    finish_unordered(std::move(rows), plan, finishing, run, sink);
  } else {
    finish_ordered(std::move(rows), plan, finishing, run, sink);
  }
}

}  // namespace tailrace::engine
