// The fused operator over one batch: predicates first, each with the maps it needs, over ever fewer
// rows; then the other maps, only for the rows that are left.
#include <algorithm>

#include "engine/expression/compute.hpp"
#include "engine/expression/row_errors.hpp"

namespace tailrace::engine {

namespace {

template <class T>
PerRow<T> gather_per_row(const PerRow<T>& values, std::span<const std::uint32_t> rows) {
  if (values.is_uniform()) return values;
  std::vector<T> chosen;
  chosen.reserve(rows.size());
  for (const std::uint32_t row : rows) chosen.push_back(values[row]);
  return PerRow<T>::each(std::move(chosen));
}

// The state of one batch on its way through the operator.
class Pass {
 public:
  Pass(const plan::MapFilterProject& node, const Batch& input, const EvaluationContext& context)
      : node_(node),
        context_(context),
        input_width_(input.columns.size()),
        times_(input.times),
        diffs_(input.diffs) {
    now_.columns = input.columns;
    now_.columns.resize(input_width_ + node.maps.size());
    now_.rows = input.rows;
  }

  std::size_t rows() const { return now_.rows; }
  const PerRow<Timestamp>& times() const { return times_; }
  const PerRow<Diff>& diffs() const { return diffs_; }

  void filter() {
    for (std::size_t i = 0; i < node_.predicates.size() && now_.rows > 0; ++i) apply_predicate(i);
    settle();
  }

  // The value of a scalar for each row that is left; rows in which it fails are moved to the errors
  // afterwards.
  ColumnPtr evaluate_now(const ScalarPtr& scalar) {
    compute_maps_of(scalar);
    Computed computed = expand(compute_scalar(*scalar, now_, context_), now_.rows);
    add_errors(failed_, std::move(computed.errors));
    return std::move(computed.column);
  }

  // Computes what the projection needs; afterwards no row that is left has an error there.
  void map() {
    if (now_.rows == 0) return;
    for (const int column : node_.projection) compute_map(static_cast<std::size_t>(column));
    for (const int column : node_.projection) {
      const auto index = static_cast<std::size_t>(column);
      if (index < now_.errors.size()) add_errors(failed_, now_.errors[index]);
    }
  }

  // Takes the rows with errors out. Returns which rows stay (ascending), or nothing if all do.
  std::optional<std::vector<std::uint32_t>> settle() {
    if (failed_.empty()) return std::nullopt;
    if (!errors_) errors_.emplace(error_schema().types());
    std::vector<std::uint32_t> staying;
    std::size_t next = 0;
    for (std::size_t row = 0; row < now_.rows; ++row) {
      if (next < failed_.size() && failed_[next].first == row) {
        append_error(*errors_, failed_[next].second, times_[row], diffs_[row]);
        ++next;
      } else {
        staying.push_back(static_cast<std::uint32_t>(row));
      }
    }
    failed_.clear();
    keep(staying, node_.predicates.size());
    return staying;
  }

  // Drops all rows but these (ascending).
  void keep_rows(const std::vector<std::uint32_t>& staying) {
    if (staying.size() < now_.rows) keep(staying, node_.predicates.size());
  }

  Batch take_rows() {
    Batch rows;
    rows.rows = now_.rows;
    rows.times = times_;
    rows.diffs = diffs_;
    for (const int column : node_.projection) {
      const ColumnPtr& computed = now_.columns[static_cast<std::size_t>(column)];
      if (computed != nullptr) {
        rows.columns.push_back(computed);
      } else {  // a map of no rows
        const ScalarPtr& map = node_.maps[static_cast<std::size_t>(column) - input_width_];
        rows.columns.push_back(ColumnBuilder(map->type).finish());
      }
    }
    return rows;
  }
  Batch take_errors() { return errors_ ? errors_->finish() : Batch(); }

 private:
  void compute_map(std::size_t column) {
    if (column < input_width_ || now_.columns[column] != nullptr) return;
    const ScalarPtr& map = node_.maps[column - input_width_];
    compute_maps_of(map);
    Computed computed = expand(compute_scalar(*map, now_, context_), now_.rows);
    if (!computed.errors.empty()) {
      now_.errors.resize(now_.columns.size());
      now_.errors[column] = std::move(computed.errors);
    }
    now_.columns[column] = std::move(computed.column);
  }

  void compute_maps_of(const ScalarPtr& scalar) {
    if (node_.maps.empty()) return;
    std::vector<bool> used;
    collect_columns(scalar, used);
    for (std::size_t column = input_width_; column < used.size(); ++column) {
      if (used[column]) compute_map(column);
    }
  }

  void apply_predicate(std::size_t index) {
    const ScalarPtr& predicate = node_.predicates[index];
    compute_maps_of(predicate);
    Computed truth = compute_scalar(*predicate, now_, context_);
    const bool constant_truth = truth.constant && truth.errors.empty();
    if (constant_truth && truth.column->values<std::uint8_t>()[0] != 0) return;
    if (truth.constant) truth = expand(std::move(truth), now_.rows);
    const std::span<const std::uint8_t> values = truth.column->values<std::uint8_t>();
    // A row stays if the predicate is true (a NULL's value is zero), or fails: then it may still be
    // dropped by another.
    std::vector<std::uint32_t> staying;
    staying.reserve(now_.rows);
    auto error = truth.errors.begin();
    for (std::size_t row = 0; row < now_.rows; ++row) {
      const bool fails = error != truth.errors.end() && error->first == row;
      if (fails) ++error;
      if (fails || values[row] != 0) staying.push_back(static_cast<std::uint32_t>(row));
    }
    if (!truth.errors.empty()) add_errors(failed_, std::move(truth.errors));
    if (staying.size() < now_.rows) keep(staying, index + 1);
  }

  // Only these rows go on, with those columns that predicates from `next_predicate` on or what
  // follows may ask.
  void keep(const std::vector<std::uint32_t>& staying, std::size_t next_predicate) {
    const std::vector<bool> needed = columns_needed(next_predicate);
    for (std::size_t column = 0; column < now_.columns.size(); ++column) {
      if (now_.columns[column] == nullptr) continue;
      if (column < needed.size() && needed[column]) {
        now_.columns[column] = gather(now_.columns[column], staying);
        if (column < now_.errors.size())
          now_.errors[column] = select_errors(now_.errors[column], staying);
      } else {
        now_.columns[column] = nullptr;
      }
    }
    if (!failed_.empty()) failed_ = select_errors(failed_, staying);
    times_ = gather_per_row(times_, staying);
    diffs_ = gather_per_row(diffs_, staying);
    now_.rows = staying.size();
  }

  std::vector<bool> columns_needed(std::size_t next_predicate) const {
    std::vector<bool> needed(now_.columns.size());
    for (const int column : node_.projection) needed[static_cast<std::size_t>(column)] = true;
    for (std::size_t i = next_predicate; i < node_.predicates.size(); ++i)
      collect_columns(node_.predicates[i], needed);
    for (const ScalarPtr& scalar : node_.valid_from) collect_columns(scalar, needed);
    for (const ScalarPtr& scalar : node_.valid_until) collect_columns(scalar, needed);
    for (std::size_t map = node_.maps.size(); map-- > 0;) {  // later maps see earlier ones
      if (needed[input_width_ + map] && now_.columns[input_width_ + map] == nullptr) {
        collect_columns(node_.maps[map], needed);
      }
    }
    return needed;
  }

  const plan::MapFilterProject& node_;
  const EvaluationContext& context_;
  std::size_t input_width_;
  EvaluationInput now_;
  PerRow<Timestamp> times_;
  PerRow<Diff> diffs_;
  RowErrors failed_;  // of predicates, maps and bounds, by rows as they are now
  std::optional<BatchBuilder> errors_;
};

// Per row the interval in which it exists by valid_from and valid_until; empty where a bound is
// NULL.
struct Intervals {
  std::vector<Timestamp> from;
  std::vector<Timestamp> until;  // exclusive; timestamp_max: for ever
};

Intervals intervals_of(const plan::MapFilterProject& node, Pass& pass) {
  Intervals intervals;
  intervals.from.assign(pass.rows(), timestamp_min);
  intervals.until.assign(pass.rows(), timestamp_max);
  if (pass.rows() == 0) return intervals;
  const auto narrow = [&](const ScalarPtr& scalar, bool is_from) {
    const ColumnPtr column = pass.evaluate_now(scalar);
    const std::span<const std::uint64_t> values = column->values<std::uint64_t>();
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (column->is_null(row)) {
        intervals.until[row] = timestamp_min;
      } else if (is_from) {
        intervals.from[row] = std::max(intervals.from[row], values[row]);
      } else {
        intervals.until[row] = std::min(intervals.until[row], values[row]);
      }
    }
  };
  for (const ScalarPtr& scalar : node.valid_from) narrow(scalar, true);
  for (const ScalarPtr& scalar : node.valid_until) narrow(scalar, false);
  if (const auto staying = pass.settle()) {
    Intervals left;
    for (const std::uint32_t row : *staying) {
      left.from.push_back(intervals.from[row]);
      left.until.push_back(intervals.until[row]);
    }
    return left;
  }
  return intervals;
}

}  // namespace

MapFilterProjectResult apply(const plan::MapFilterProject& node, const Batch& input,
                             const EvaluationContext& context) {
  if (context.cancel != nullptr) context.cancel->check();
  Pass pass(node, input, context);
  pass.filter();
  pass.map();
  pass.settle();
  return {pass.take_rows(), pass.take_errors()};
}

MapFilterProjectResult apply_temporal(const plan::MapFilterProject& node, const Batch& input,
                                      const EvaluationContext& context) {
  if (node.valid_from.empty() && node.valid_until.empty()) return apply(node, input, context);
  if (context.cancel != nullptr) context.cancel->check();
  Pass pass(node, input, context);
  pass.filter();
  pass.map();
  pass.settle();
  const Intervals intervals = intervals_of(node, pass);
  const Batch rows = pass.take_rows();
  std::vector<std::uint32_t> chosen;
  std::vector<Timestamp> times;
  std::vector<Diff> diffs;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    const Timestamp from = std::max(rows.times[row], intervals.from[row]);
    const Timestamp until = intervals.until[row];
    if (from >= until) continue;
    chosen.push_back(static_cast<std::uint32_t>(row));
    times.push_back(from);
    diffs.push_back(rows.diffs[row]);
    if (until == timestamp_max) continue;
    chosen.push_back(static_cast<std::uint32_t>(row));
    times.push_back(until);
    diffs.push_back(-rows.diffs[row]);
  }
  Batch result = gather(rows, chosen);
  result.times = PerRow<Timestamp>::each(std::move(times));
  result.diffs = PerRow<Diff>::each(std::move(diffs));
  return {std::move(result), pass.take_errors()};
}

MapFilterProjectResult apply_at(const plan::MapFilterProject& node, const Batch& input,
                                Timestamp time, const EvaluationContext& context) {
  if (node.valid_from.empty() && node.valid_until.empty()) return apply(node, input, context);
  if (context.cancel != nullptr) context.cancel->check();
  Pass pass(node, input, context);
  pass.filter();
  const Intervals intervals = intervals_of(node, pass);
  std::vector<std::uint32_t> existing;
  for (std::size_t row = 0; row < pass.rows(); ++row) {
    if (intervals.from[row] <= time && time < intervals.until[row])
      existing.push_back(static_cast<std::uint32_t>(row));
  }
  pass.keep_rows(existing);
  pass.map();
  pass.settle();
  return {pass.take_rows(), pass.take_errors()};
}

}  // namespace tailrace::engine
