#include "engine/operators/run.hpp"

#include <fmt/format.h>

#include <limits>
#include <thread>

namespace tailrace::engine {

namespace {

constexpr std::size_t rows_per_morsel = 64 << 10;
// Below this a thread costs more than it saves.
constexpr std::size_t rows_worth_a_thread = 32 << 10;

class BatchMorsels final : public Morsels {
 public:
  BatchMorsels(std::vector<Batch> batches, Run& run) : memory_(run.hold_memory()) {
    std::size_t bytes = 0;
    for (Batch& batch : batches) {
      if (batch.rows == 0) continue;
      bytes += batch.memory_bytes();
      rows_ += batch.rows;
      const bool retracts = has_negative_diff(batch);
      const auto index = batches_.size();
      for (std::size_t first = 0; first < batch.rows; first += rows_per_morsel) {
        pieces_.push_back({index, first, std::min(rows_per_morsel, batch.rows - first), retracts});
      }
      batches_.push_back(std::move(batch));
    }
    memory_->add(bytes);
  }

  std::size_t count() const override { return pieces_.size(); }
  std::size_t rows_estimate() const override { return rows_; }
  bool may_retract(std::size_t morsel) const override { return pieces_[morsel].retracts; }
  void produce(std::size_t morsel, const BatchConsumer& consume) override {
    const Piece& piece = pieces_[morsel];
    const Batch& batch = batches_[piece.batch];
    consume(piece.rows == batch.rows ? batch : slice(batch, piece.first, piece.rows));
  }

 private:
  struct Piece {
    std::size_t batch;
    std::size_t first;
    std::size_t rows;
    bool retracts;
  };
  std::vector<Batch> batches_;
  std::vector<Piece> pieces_;
  std::size_t rows_ = 0;
  std::unique_ptr<HeldMemory> memory_;
};

}  // namespace

void ErrorLedger::add(const Batch& errors) {
  for (std::size_t row = 0; row < errors.rows; ++row) add(error_at(errors, row), errors.diffs[row]);
}

void ErrorLedger::add(const DataError& error, Diff diff) {
  std::string key = error.message;
  key += '\0';
  key += error.state.view();
  key += error.detail;
  key += '\0';
  key += error.hint;
  const std::lock_guard lock(mutex_);
  const auto [entry, added] = entries_.try_emplace(std::move(key));
  if (added) entry->second.error = error;
  entry->second.diff += diff;
  if (entry->second.diff == 0) entries_.erase(entry);
}

void ErrorLedger::check(bool early) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, entry] : entries_) {
    if (!early || entry.diff > 0) throw entry.error.to_sql_error();
  }
}

void HeldMemory::add(std::size_t bytes) {
  if (budget_ == nullptr) return;
  budget_->charge(bytes);
  bytes_ += bytes;
}

void HeldMemory::set(std::size_t bytes) {
  const std::size_t now = bytes_.load();
  if (bytes > now) {
    add(bytes - now);
  } else if (budget_ != nullptr) {
    budget_->release(now - bytes);
    bytes_ -= now - bytes;
  }
}

void HeldMemory::release() {
  if (budget_ != nullptr) budget_->release(bytes_.exchange(0));
}

Run::Run(const OnceOptions& options)
    : options_(options),
      context_{.session = options.session, .mz_now = options.time, .cancel = options.cancel} {}

std::size_t Run::workers_for(const Morsels& morsels) const {
  const std::size_t useful =
      std::min(morsels.count(), morsels.rows_estimate() / rows_worth_a_thread);
  return std::max<std::size_t>(1, std::min(options_.threads, useful));
}

void Run::for_each(Morsels& morsels, const std::function<void(std::size_t, Batch)>& body) {
  stopped_.store(false);
  std::atomic<std::size_t> next{0};
  std::mutex failure_mutex;
  std::exception_ptr failure;
  const auto work = [&](std::size_t worker) {
    try {
      const BatchConsumer consume = [&](Batch batch) {
        check_cancel();
        if (!stopped_.load(std::memory_order_relaxed)) body(worker, std::move(batch));
      };
      while (!stopped_.load(std::memory_order_relaxed)) {
        const std::size_t morsel = next.fetch_add(1, std::memory_order_relaxed);
        if (morsel >= morsels.count()) return;
        check_cancel();
        morsels.produce(morsel, consume);
      }
    } catch (...) {
      stop();
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  const std::size_t workers = workers_for(morsels);
  {
    std::vector<std::jthread> threads;
    for (std::size_t worker = 1; worker < workers; ++worker) threads.emplace_back(work, worker);
    work(0);
  }
  if (failure) std::rethrow_exception(failure);
}

std::vector<Batch> Run::collect(Morsels& morsels) {
  std::vector<std::vector<Batch>> of_workers(workers_for(morsels));
  const std::unique_ptr<HeldMemory> memory = hold_memory();
  for_each(morsels, [&](std::size_t worker, Batch batch) {
    memory->add(batch.memory_bytes());
    of_workers[worker].push_back(std::move(batch));
  });
  std::vector<Batch> all;
  for (std::vector<Batch>& batches : of_workers) {
    for (Batch& batch : batches) all.push_back(std::move(batch));
  }
  return all;
}

MorselsPtr morsels_of(std::vector<Batch> batches, Run& run) {
  return std::make_shared<BatchMorsels>(std::move(batches), run);
}

Batch combine(const std::vector<Batch>& batches, const std::vector<Type>& types) {
  if (batches.empty()) return empty_batch(types);
  if (batches.size() == 1) return batches.front();
  constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
  std::size_t rows = 0;
  for (const Batch& batch : batches) rows += batch.rows;
  bool fits = rows < most;
  for (std::size_t column = 0; column < types.size() && fits; ++column) {
    std::size_t bytes = 0;
    for (const Batch& batch : batches) bytes += batch.columns[column]->heap().size();
    fits = bytes < most;
  }
  if (!fits) {
    throw SqlError(sqlstate::program_limit_exceeded,
                   "an intermediate result is too large to be sorted or grouped")
        .detail("One of its columns holds more than 4 GiB, or it has more than 4294967295 rows.");
  }
  return concatenate(batches);
}

bool has_negative_diff(const Batch& batch) {
  if (batch.diffs.is_uniform()) return batch.rows > 0 && batch.diffs.uniform_value() < 0;
  for (const Diff diff : batch.diffs.values()) {
    if (diff < 0) return true;
  }
  return false;
}

DataError retraction_error(Diff diff) {
  return {.state = sqlstate::data_corrupted,
          .message = fmt::format(
              "Invalid data in source, saw retractions ({}) for row that does not exist", -diff)};
}

}  // namespace tailrace::engine
