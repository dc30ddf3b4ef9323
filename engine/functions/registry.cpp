// All builtins, gathered once from their families, with look-up by name.
#include <iterator>
#include <memory>
#include <string>
#include <unordered_map>

#include "engine/functions/families.hpp"

namespace tailrace::engine {

namespace {

// Entries that never move, and the entries of each name.
template <class Entry>
class Table {
 public:
  void add(std::vector<Entry> family) {
    for (Entry& entry : family) {
      const Entry* const kept =
          entries_.emplace_back(std::make_unique<const Entry>(std::move(entry))).get();
      all_.push_back(kept);
      by_name_[kept->name].push_back(kept);
    }
  }
  std::span<const Entry* const> named(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::span<const Entry* const>() : found->second;
  }
  const std::vector<const Entry*>& all() const { return all_; }

 private:
  std::vector<std::unique_ptr<const Entry>> entries_;
  std::vector<const Entry*> all_;
  std::unordered_map<std::string_view, std::vector<const Entry*>> by_name_;
};

struct Registry {
  Table<Function> functions;
  Table<Function> operators;
  std::vector<const Function*> scalar_functions;  // both
  Table<AggregateFunction> aggregates;
  Table<TableFunction> table_functions;

  Registry() {
    for (auto* family : {
             comparison_functions,   boolean_functions,    integer_functions,
             float_functions,        numeric_functions,    text_functions,
             text_joining_functions, pattern_functions,    bytea_functions,
             date_functions,         date_field_functions, date_format_functions,
             jsonb_functions,        array_functions,      list_functions,
             map_functions,          record_functions,     range_functions,
             virtual_time_functions, system_functions,     catalog_functions,
             privilege_functions,
         }) {
      add(family());
    }
    scalar_functions = functions.all();
    scalar_functions.insert(scalar_functions.end(), operators.all().begin(), operators.all().end());
    for (auto* family : {count_aggregates, sum_aggregates, extreme_aggregates, variance_aggregates,
                         collecting_aggregates})
      aggregates.add(family());
    for (auto* family : {series_functions, unnesting_functions, splitting_functions})
      table_functions.add(family());
  }

  void add(std::vector<Function> family) {
    std::vector<Function> named;
    std::vector<Function> symbols;
    for (Function& function : family)
      (function.is_operator ? symbols : named).push_back(std::move(function));
    functions.add(std::move(named));
    operators.add(std::move(symbols));
  }
};

const Registry& registry() {
  static const Registry instance;
  return instance;
}

}  // namespace

std::span<const Function* const> functions_named(std::string_view name) {
  return registry().functions.named(name);
}
std::span<const Function* const> operators_named(std::string_view symbol) {
  return registry().operators.named(symbol);
}
const std::vector<const Function*>& all_functions() {
  return registry().scalar_functions;
}

std::span<const AggregateFunction* const> aggregates_named(std::string_view name) {
  return registry().aggregates.named(name);
}
const std::vector<const AggregateFunction*>& all_aggregates() {
  return registry().aggregates.all();
}

std::span<const TableFunction* const> table_functions_named(std::string_view name) {
  return registry().table_functions.named(name);
}
const std::vector<const TableFunction*>& all_table_functions() {
  return registry().table_functions.all();
}

}  // namespace tailrace::engine
