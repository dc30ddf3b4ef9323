#include "engine/cluster/dataflow.hpp"

#include <fmt/format.h>

#include <chrono>

namespace tailrace::engine {

namespace {

using Clock = std::chrono::steady_clock;

// Others on the cluster get their turn after this long.
constexpr auto turn_length = std::chrono::milliseconds(20);
// Of what one step takes in: as much as fits a turn, but one time at least. Updates of one step meet
// each other, whatever their times: where the same rows change again and again, twice as many are
// several times the work.
constexpr std::size_t step_bytes_max = 16 << 20;
constexpr std::size_t step_bytes_min = 1 << 10;

std::uint64_t microseconds_since(Clock::time_point begin) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
}

}  // namespace

Dataflow::Dataflow(Description description, const Surroundings& surroundings)
    : description_(std::move(description)), surroundings_(surroundings) {
  budget_ = std::make_unique<MemoryBudget>(description_.name, 0, surroundings.memory);
  charge_ = std::make_unique<MemoryCharge>(*budget_);
  if (!description_.as_of) return;
  std::vector<storage::CollectionId> stored;
  for (const storage::CollectionId id : inputs_of(description_.plan)) {
    if (surroundings.store.describe(id)) stored.push_back(id);
  }
  first_holds_ = surroundings.store.hold(stored, *description_.as_of);
}

void Dataflow::schedule() {
  Turn state = turn_state_.load();
  while (true) {
    if (state == Turn::queued || state == Turn::running_again) return;
    const Turn next = state == Turn::idle ? Turn::queued : Turn::running_again;
    if (turn_state_.compare_exchange_weak(state, next)) break;
  }
  if (state == Turn::idle) {
    surroundings_.workers->submit([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->turn();
    });
  }
}

void Dataflow::turn() {
  turn_state_.store(Turn::running);
  bool again = false;
  {
    std::lock_guard lock(turn_mutex_);
    if (!ended_) {
      try {
        again = work();
      } catch (const SqlError& error) {
        stop(error);
      } catch (const std::bad_alloc&) {
        stop(SqlError(sqlstate::out_of_memory,
                      fmt::format("out of memory in {}", description_.name)));
      }
    }
  }
  Turn state = Turn::running;
  if (!again && turn_state_.compare_exchange_strong(state, Turn::idle)) return;
  turn_state_.store(Turn::idle);
  schedule();
}

void Dataflow::end() {
  ending_ = true;
  std::lock_guard lock(turn_mutex_);
  ended_ = true;
  graph_.reset();
  inputs_.reset();
  first_holds_.clear();
  shared_.clear();
  wake_.reset();
  description_.sink.reset();
  charge_->set(0);
}

DataflowStatus Dataflow::status() const {
  std::lock_guard lock(status_mutex_);
  return status_;
}

void Dataflow::stop(const SqlError& error) {
  const DataError why = DataError::from(error);
  // A view dropped while it worked finds its collection gone: whoever dropped it knows.
  if (surroundings_.log && error.state() != sqlstate::undefined_table)
    surroundings_.log(fmt::format("{} stopped: {}", description_.name, why.message));
  // What was remembered goes; what was written or arranged stays.
  graph_.reset();
  inputs_.reset();
  first_holds_.clear();
  shared_.clear();
  description_.sink->stop(why);
  try {
    charge_->set(description_.sink->memory_bytes());
  } catch (const SqlError&) {
    // It shrinks, or it did not fit before either.
  }
  ended_ = true;
  std::lock_guard lock(status_mutex_);
  status_.stopped = why;
}

bool Dataflow::work() {
  if (!inputs_ && !open()) return false;
  if (!hydrated_) return inputs_->ready() && hydrate_some();
  return step();
}

bool Dataflow::open() {
  auto wake = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->schedule();
  };
  inputs_ = DataflowInputs::open(surroundings_.store, surroundings_.find_index_on,
                                 inputs_of(description_.plan), description_.as_of, wake);
  if (!inputs_) return false;
  opened_ = true;
  first_holds_.clear();
  if (description_.exactly_as_of && inputs_->as_of() != *description_.as_of) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   fmt::format("time {} is not readable any more: the inputs are kept since {}",
                               *description_.as_of, inputs_->as_of()));
  }
  wake_ = std::make_shared<std::function<void()>>(wake);
  const Graph::FindShared find_shared = [&](storage::CollectionId collection,
                                            const std::vector<ScalarPtr>& key) {
    auto arrangement = surroundings_.find_shared(collection, key);
    if (!arrangement) return arrangement;
    try {
      if (arrangement->view()->upper <= inputs_->as_of())
        return std::shared_ptr<SharedArrangement>();
      shared_.push_back({arrangement, arrangement->hold(inputs_->as_of())});
      arrangement->on_progress(wake_);
      return arrangement;
    } catch (const SqlError&) {
      return std::shared_ptr<SharedArrangement>();  // it does not reach back so far: an own one is
                                                    // kept
    }
  };
  auto collector = std::make_unique<Collector>();
  output_ = collector.get();
  graph_ = std::make_unique<Graph>(description_.plan, find_shared, std::move(collector));
  return true;
}

bool Dataflow::hydrate_some() {
  const Clock::time_point begin = Clock::now();
  if (!hydrating_) {
    hydrating_ = true;
    graph_->begin({.lower = 0,
                   .upper = inputs_->as_of() + 1,
                   .bulk = true,
                   .workers = surroundings_.workers.get()});
  }
  DataflowInputs::Piece piece;
  while (inputs_->next_piece(graph_->sources(), piece)) {
    if (ending_) return false;
    if (!piece.errors.empty()) piece.source->entry->push_errors(piece.errors);
    if (!piece.rows.empty()) piece.source->entry->push(0, piece.rows);
    charge_memory();
    if (Clock::now() - begin > turn_length) {
      std::lock_guard lock(status_mutex_);
      status_.busy_microseconds += microseconds_since(begin);
      return true;
    }
  }
  graph_->flush();
  lower_ = inputs_->as_of() + 1;
  description_.sink->hydrate(output_->take(0, lower_), surroundings_.workers.get());
  for (SharedUse& use : shared_) use.hold = nullptr;
  next_due_ = graph_->next_due();
  hydrated_ = true;
  finish_step(lower_, begin);
  return true;
}

bool Dataflow::step() {
  const Clock::time_point begin = Clock::now();
  if (lower_ == timestamp_max || description_.sink->finished()) return false;
  // 1. How far all inputs have come.
  inputs_->poll(step_bytes_);
  const Timestamp upper = inputs_->upper();
  if (upper <= lower_) return false;
  for (const SharedUse& use : shared_) {
    if (use.arrangement->view()->upper >= lower_) continue;
    if (const auto why = use.arrangement->stopped()) throw why->to_sql_error();
    return false;  // it wakes us
  }
  // 2. What changed.
  const bool quiet = !inputs_->has_changes() && next_due_ >= upper && output_->empty();
  if (!quiet) {
    graph_->begin(
        {.lower = lower_, .upper = upper, .bulk = false, .workers = surroundings_.workers.get()});
  }
  std::size_t taken_bytes = 0;
  inputs_->take(
      upper, graph_->sources(),
      [&](const Graph::Source& source, const Batch& rows) {
        if (rows.empty()) return;
        taken_bytes += rows.memory_bytes();
        source.entry->push(0, rows);
      },
      [](const Graph::Source& source, const Batch& errors) {
        if (!errors.empty()) source.entry->push_errors(errors);
      });
  if (!quiet) {
    graph_->flush();
    next_due_ = graph_->next_due();
  }
  // 3. Out with it.
  description_.sink->append(output_->take(lower_, upper), surroundings_.workers.get());
  lower_ = upper;
  if (!quiet) choose_step_bytes(taken_bytes, Clock::now() - begin);
  finish_step(upper, begin);
  return true;
}

void Dataflow::choose_step_bytes(std::size_t taken_bytes, Clock::duration took) {
  // Columns that nobody reads are not taken.
  const bool was_the_limit = taken_bytes >= step_bytes_ / 8;
  if (took > turn_length) {
    step_bytes_ = std::max(std::min(step_bytes_, taken_bytes) / 4, step_bytes_min);
  } else if (took < turn_length / 4 && was_the_limit) {
    step_bytes_ = std::min(step_bytes_ * 2, step_bytes_max);
  }
}

void Dataflow::finish_step(Timestamp upper, Clock::time_point begin) {
  charge_memory();
  const std::uint64_t took = microseconds_since(begin);
  const std::size_t rows = graph_->arranged_rows() + description_.sink->arranged_rows();
  std::lock_guard lock(status_mutex_);
  status_.hydrated = true;
  status_.upper = upper;
  status_.arranged_rows = rows;
  status_.arranged_bytes = charge_->bytes();
  status_.steps += 1;
  status_.last_step_microseconds = took;
  status_.busy_microseconds += took;
}

void Dataflow::charge_memory() {
  charge_->set(graph_->memory_bytes() + description_.sink->memory_bytes());
}

}  // namespace tailrace::engine
