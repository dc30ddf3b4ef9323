#include "engine/dataflow/shared_arrangement.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "repr/error.hpp"

namespace tailrace::engine {

namespace {

// How far since trails upper: readers that have chosen a time find it still there.
constexpr Timestamp retention_ms = 1000;

Batch only_times(const Batch& batch, Timestamp lower, Timestamp upper) {
  std::vector<std::uint32_t> kept;
  for (std::uint32_t row = 0; row < batch.rows; ++row) {
    if (batch.times[row] >= lower && batch.times[row] < upper) kept.push_back(row);
  }
  return kept.size() == batch.rows ? batch : gather(batch, kept);
}

}  // namespace

SharedArrangement::SharedArrangement(std::vector<Type> types, std::vector<ScalarPtr> key,
                                     std::size_t partitions)
    : types_(std::move(types)),
      key_(std::move(key)),
      computed_(key_, types_.size()),
      rows_(computed_.positions(), partitions),
      view_(std::make_shared<View>()) {}

void SharedArrangement::hydrate(StepChanges contents, Workers* workers) {
  ErrorCollector errors;
  for (const Batch& batch : contents.rows) rows_.append_bulk(computed_.extend(batch, errors));
  contents.rows.clear();
  if (!errors.empty()) contents.errors.push_back(errors.take());
  rows_.settle(workers);
  errors_ = std::move(contents.errors);
  publish(contents.upper);
}

void SharedArrangement::append(StepChanges changes, Workers* workers) {
  ErrorCollector errors;
  std::vector<Batch> extended;
  for (const Batch& batch : changes.rows) {
    Batch rows = computed_.extend(batch, errors);
    if (!rows.empty()) extended.push_back(std::move(rows));
  }
  if (!errors.empty()) changes.errors.push_back(errors.take());
  if (!extended.empty()) {
    rows_.append(arrange(extended.size() == 1 ? extended[0] : concatenate(extended), key_columns()),
                 workers);
  }
  if (!changes.errors.empty()) {
    errors_.insert(errors_.end(), changes.errors.begin(), changes.errors.end());
    Batch all = consolidate(concatenate(errors_), view()->since);
    errors_.clear();
    if (!all.empty()) errors_.push_back(std::move(all));
  }
  {
    std::lock_guard lock(mutex_);
    for (Follower* follower : followers_) {
      follower->upper_ = changes.upper;
      if (!changes.rows.empty() || !changes.errors.empty()) follower->queue_.push_back(changes);
    }
  }
  publish(changes.upper);
}

void SharedArrangement::publish(Timestamp upper) {
  auto next = std::make_shared<View>();
  next->upper = upper;
  next->runs = rows_.runs();
  next->errors = errors_;
  {
    std::lock_guard lock(mutex_);
    Timestamp since = upper == timestamp_max ? view_->since
                      : upper > retention_ms ? upper - 1 - retention_ms
                                             : 0;
    // The contents of the first step stand at its last time: nothing is known of earlier ones.
    if (view_->upper == 0) since = upper == timestamp_max ? 0 : upper - 1;
    if (!holds_.empty()) since = std::min(since, *holds_.begin());
    next->since = std::max(since, view_->since);
    view_ = next;
  }
  rows_.advance_since(next->since);
  published_.notify_all();
  wake_readers();
}

void SharedArrangement::wake_readers() {
  std::vector<std::shared_ptr<std::function<void()>>> wake;
  {
    std::lock_guard lock(mutex_);
    std::erase_if(wakers_, [&](const auto& waker) {
      auto alive = waker.lock();
      if (alive) wake.push_back(std::move(alive));
      return waker.expired();
    });
    for (Follower* follower : followers_) follower->wake_();
  }
  for (const auto& waker : wake) (*waker)();
}

std::shared_ptr<const SharedArrangement::View> SharedArrangement::view() const {
  std::lock_guard lock(mutex_);
  return view_;
}

std::unique_ptr<SharedArrangement::Hold> SharedArrangement::try_hold(Timestamp time) {
  std::lock_guard lock(mutex_);
  if (view_->upper != 0 && time < view_->since) return nullptr;
  holds_.insert(time);
  return std::make_unique<Hold>(shared_from_this(), time);
}

std::unique_ptr<SharedArrangement::Hold> SharedArrangement::hold(Timestamp time) {
  if (auto held = try_hold(time)) return held;
  throw SqlError(sqlstate::invalid_parameter_value,
                 fmt::format("time {} is not readable any more: the index is kept since {}", time,
                             view()->since));
}

SharedArrangement::Hold::~Hold() {
  of_->release(time_);
}

void SharedArrangement::Hold::advance(Timestamp time) {
  if (time <= time_) return;
  std::lock_guard lock(of_->mutex_);
  of_->holds_.erase(of_->holds_.find(time_));
  of_->holds_.insert(time_ = time);
}

void SharedArrangement::release(Timestamp time) {
  std::lock_guard lock(mutex_);
  holds_.erase(holds_.find(time));
}

std::unique_ptr<SharedArrangement::Follower> SharedArrangement::follow(Timestamp from,
                                                                       std::function<void()> wake) {
  auto follower = std::make_unique<Follower>();
  std::lock_guard lock(mutex_);
  ensure(view_->upper != 0 && view_->since <= from + 1,
         "an index is followed from a time that it holds");
  follower->of_ = shared_from_this();
  follower->start_ = view_;
  follower->wake_ = std::move(wake);
  follower->position_ = from;
  follower->upper_ = view_->upper;
  followers_.push_back(follower.get());
  return follower;
}

SharedArrangement::Follower::~Follower() {
  std::lock_guard lock(of_->mutex_);
  std::erase(of_->followers_, this);
}

Timestamp SharedArrangement::Follower::upper() const {
  std::lock_guard lock(of_->mutex_);
  return upper_;
}

bool SharedArrangement::Follower::has_changes() const {
  std::lock_guard lock(of_->mutex_);
  return start_ || !queue_.empty();
}

StepChanges SharedArrangement::Follower::take(Timestamp upper) {
  StepChanges taken{.lower = position_, .upper = upper};
  const auto add = [&](const Batch& rows, std::vector<Batch>& to) {
    Batch wanted = only_times(rows, position_, upper);
    if (!wanted.empty()) to.push_back(std::move(wanted));
  };
  // 1. What the arrangement already held when it was first followed.
  if (start_ && position_ < start_->upper) {
    for (const BatchHandle& run : start_->runs) {
      add(run->rows.project(all_columns(of_->types_.size())), taken.rows);
    }
    for (const Batch& errors : start_->errors) add(errors, taken.errors);
  }
  if (start_ && upper >= start_->upper) start_.reset();
  // 2. What came since.
  std::deque<StepChanges> steps;
  {
    std::lock_guard lock(of_->mutex_);
    while (!queue_.empty() && queue_.front().lower < upper) {
      if (queue_.front().upper > upper) {
        steps.push_back(queue_.front());  // a part of it is wanted later
        break;
      }
      steps.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  for (const StepChanges& step : steps) {
    for (const Batch& rows : step.rows) add(rows, taken.rows);
    for (const Batch& errors : step.errors) add(errors, taken.errors);
  }
  position_ = upper;
  return taken;
}

void SharedArrangement::on_progress(std::weak_ptr<std::function<void()>> wake) {
  std::lock_guard lock(mutex_);
  wakers_.push_back(std::move(wake));
}

void SharedArrangement::wait_complete(Timestamp time, CancelToken& cancel) const {
  const CancelToken::Registration registration(cancel, [this] {
    std::lock_guard lock(mutex_);
    published_.notify_all();
  });
  std::unique_lock lock(mutex_);
  published_.wait(lock, [&] { return view_->upper > time || stopped_ || cancel.cancelled(); });
  if (view_->upper > time) return;
  if (stopped_) throw stopped_->to_sql_error();
  cancel.raise();
}

void SharedArrangement::stop(DataError why) {
  {
    std::lock_guard lock(mutex_);
    stopped_ = std::move(why);
  }
  published_.notify_all();
  wake_readers();
}

std::optional<DataError> SharedArrangement::stopped() const {
  std::lock_guard lock(mutex_);
  return stopped_;
}

std::size_t SharedArrangement::rows() const {
  return rows_.rows();
}
std::size_t SharedArrangement::memory_bytes() const {
  return rows_.memory_bytes();
}

}  // namespace tailrace::engine
