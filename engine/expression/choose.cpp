// CASE, COALESCE, AND and OR: operands count only for the rows that reach them. An operand is
// evaluated over just these rows when they are few, else over all of them, and what comes of the
// others is dropped.
#include <cstring>

#include "engine/expression/compute.hpp"
#include "engine/expression/row_errors.hpp"

namespace tailrace::engine {

namespace {

// Evaluates for the rows `reached` (ascending). The result is numbered like `reached`, or constant.
Computed compute_reached(const ScalarPtr& scalar, const EvaluationInput& input,
                         std::span<const std::uint32_t> reached, const EvaluationContext& context) {
  if (reached.size() == input.rows) return compute_scalar(*scalar, input, context);
  if (std::holds_alternative<scalar::Literal>(scalar->node))
    return compute_scalar(*scalar, input, context);
  return compute_scalar(*scalar, select_input(input, scalar, reached), context);
}

std::vector<std::uint32_t> all_rows(std::size_t rows) {
  std::vector<std::uint32_t> all(rows);
  for (std::size_t i = 0; i < rows; ++i) all[i] = static_cast<std::uint32_t>(i);
  return all;
}

// The error of a place in a computed result, if there is one; places are asked in ascending order.
class ErrorCursor {
 public:
  explicit ErrorCursor(const Computed& computed) : computed_(computed) {}
  const DataError* at(std::size_t place) {
    const RowErrors& errors = computed_.errors;
    if (errors.empty()) return nullptr;
    if (computed_.constant) return &errors.front().second;
    while (next_ < errors.size() && errors[next_].first < place) ++next_;
    return next_ < errors.size() && errors[next_].first == place ? &errors[next_].second : nullptr;
  }

 private:
  const Computed& computed_;
  std::size_t next_ = 0;
};

// Puts one column together from pieces of others, row by row.
class Patchwork {
 public:
  explicit Patchwork(std::size_t rows) : source_of_(rows, no_source), row_of_(rows, 0) {}

  int add_source(const Computed& computed) {
    sources_.push_back({computed.column, computed.constant});
    return static_cast<int>(sources_.size()) - 1;
  }
  void take(std::size_t row, int source, std::size_t place) {
    source_of_[row] = source;
    row_of_[row] =
        sources_[static_cast<std::size_t>(source)].constant ? 0 : static_cast<std::uint32_t>(place);
  }

  ColumnPtr finish(const Type& type) const {
    if (const ColumnPtr whole = single_source()) return whole;
    ColumnBuilder builder(type, source_of_.size());
    for (std::size_t row = 0; row < source_of_.size(); ++row) {
      if (source_of_[row] == no_source) {
        builder.append_null();
      } else {
        builder.append_from(*sources_[static_cast<std::size_t>(source_of_[row])].column,
                            row_of_[row]);
      }
    }
    return builder.finish();
  }

 private:
  static constexpr int no_source = -1;
  struct Source {
    ColumnPtr column;
    bool constant;
  };

  // One source gives every row in its own order: its column is the result.
  ColumnPtr single_source() const {
    const int source = source_of_.empty() ? no_source : source_of_.front();
    if (source == no_source) return nullptr;
    const Source& candidate = sources_[static_cast<std::size_t>(source)];
    if (candidate.column->size() != source_of_.size()) return nullptr;
    for (std::size_t row = 0; row < source_of_.size(); ++row) {
      if (source_of_[row] != source || row_of_[row] != row) return nullptr;
    }
    return candidate.column;
  }

  std::vector<Source> sources_;
  std::vector<int> source_of_;
  std::vector<std::uint32_t> row_of_;
};

}  // namespace

Computed compute_case(const scalar::Case& node, const Type& type, const EvaluationInput& input,
                      const EvaluationContext& context) {
  std::vector<std::uint32_t> undecided = all_rows(input.rows);
  Patchwork patchwork(input.rows);
  RowErrors errors;
  const auto take_result = [&](const ScalarPtr& scalar, std::span<const std::uint32_t> rows) {
    if (rows.empty()) return;
    Computed result = compute_reached(scalar, input, rows, context);
    const int source = patchwork.add_source(result);
    for (std::size_t place = 0; place < rows.size(); ++place)
      patchwork.take(rows[place], source, place);
    if (result.constant)
      result = expand(std::move(result), result.errors.empty() ? 1 : rows.size());
    if (!result.errors.empty()) add_errors(errors, spread_errors(std::move(result.errors), rows));
  };
  for (const auto& branch : node.branches) {
    if (undecided.empty()) break;
    const Computed condition = compute_reached(branch.condition, input, undecided, context);
    ErrorCursor condition_errors(condition);
    const std::span<const std::uint8_t> truth = condition.column->values<std::uint8_t>();
    std::vector<std::uint32_t> reached;
    std::vector<std::uint32_t> others;
    RowErrors failed;
    for (std::size_t place = 0; place < undecided.size(); ++place) {
      if (const DataError* error = condition_errors.at(place)) {
        failed.emplace_back(undecided[place], *error);
      } else {
        // The value of a null row is zero: neither true nor in need of a second look.
        (truth[condition.constant ? 0 : place] != 0 ? reached : others).push_back(undecided[place]);
      }
    }
    add_errors(errors, std::move(failed));
    take_result(branch.result, reached);
    undecided = std::move(others);
  }
  take_result(node.otherwise, undecided);
  return {patchwork.finish(type), false, std::move(errors)};
}

Computed compute_coalesce(const scalar::Coalesce& node, const Type& type,
                          const EvaluationInput& input, const EvaluationContext& context) {
  std::vector<std::uint32_t> undecided = all_rows(input.rows);
  Patchwork patchwork(input.rows);
  RowErrors errors;
  for (const ScalarPtr& operand : node.operands) {
    if (undecided.empty()) break;
    const Computed computed = compute_reached(operand, input, undecided, context);
    if (computed.constant && computed.errors.empty() && undecided.size() == input.rows &&
        !computed.column->is_null(0)) {
      return computed;
    }
    ErrorCursor operand_errors(computed);
    const int source = patchwork.add_source(computed);
    std::vector<std::uint32_t> still;
    RowErrors failed;
    for (std::size_t place = 0; place < undecided.size(); ++place) {
      const std::uint32_t row = undecided[place];
      if (const DataError* error = operand_errors.at(place)) {
        failed.emplace_back(row, *error);
      } else if (computed.column->is_null(computed.constant ? 0 : place)) {
        still.push_back(row);
      } else {
        patchwork.take(row, source, place);
      }
    }
    add_errors(errors, std::move(failed));
    undecided = std::move(still);
  }
  return {patchwork.finish(type), false, std::move(errors)};
}

Computed compute_logic(const std::vector<ScalarPtr>& operands, bool is_or,
                       const EvaluationInput& input, const EvaluationContext& context) {
  // What decides a row for good is true for OR, false for AND; `decided` rows need no further
  // operand.
  enum State : std::uint8_t { neutral, null, decided };
  std::vector<std::uint8_t> states(input.rows, neutral);
  std::size_t open = input.rows;
  RowErrors errors;
  for (const ScalarPtr& operand : operands) {
    if (open == 0) break;
    const bool few = open * 2 < input.rows && input.rows >= 64;
    std::vector<std::uint32_t> reached;
    if (few) {
      for (std::size_t row = 0; row < input.rows; ++row) {
        if (states[row] != decided) reached.push_back(static_cast<std::uint32_t>(row));
      }
    }
    Computed computed = few ? compute_reached(operand, input, reached, context)
                            : compute_scalar(*operand, input, context);
    const std::span<const std::uint8_t> truth = computed.column->values<std::uint8_t>();
    const std::size_t places = few ? reached.size() : input.rows;
    for (std::size_t place = 0; place < places; ++place) {
      const std::size_t row = few ? reached[place] : place;
      const std::size_t at = computed.constant ? 0 : place;
      if (computed.column->is_null(at)) {
        if (states[row] == neutral) states[row] = null;
      } else if ((truth[at] != 0) == is_or && states[row] != decided) {
        states[row] = decided;
        --open;
      }
    }
    if (!computed.errors.empty()) {
      if (computed.constant) computed = expand(std::move(computed), places);
      add_errors(errors, few ? spread_errors(std::move(computed.errors), reached)
                             : std::move(computed.errors));
    }
  }
  std::erase_if(errors, [&](const auto& error) { return states[error.first] == decided; });
  std::vector<std::byte> values(input.rows);
  std::vector<std::uint64_t> validity;
  for (std::size_t row = 0; row < input.rows; ++row) {
    if (states[row] == null) {
      if (validity.empty()) {
        validity.assign((input.rows + 63) / 64, ~std::uint64_t{0});
        if (input.rows % 64 != 0) validity.back() = (std::uint64_t{1} << (input.rows % 64)) - 1;
      }
      validity[row >> 6] &= ~(std::uint64_t{1} << (row & 63));
    } else {
      values[row] = static_cast<std::byte>((states[row] == decided) == is_or);
    }
  }
  return {Column::from_fixed(TypeId::boolean, Layout::bool8, 0, input.rows, std::move(values),
                             std::move(validity)),
          false, std::move(errors)};
}

}  // namespace tailrace::engine
