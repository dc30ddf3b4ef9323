// Scalars, batches and plans by hand, for the tests of the engine.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "engine/functions/aggregate.hpp"
#include "engine/functions/function.hpp"
#include "engine/operators/run_once.hpp"
#include "engine/plan/plan.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine::by_hand {

// The overload (function or operator) for exactly these argument types; placeholders fit anything.
const Function& overload(std::string_view name, const std::vector<Type>& types);
ScalarPtr apply(std::string_view name, std::vector<ScalarPtr> arguments, Type type);
ScalarPtr cast(ScalarPtr scalar, Type to);
ScalarPtr int4(std::int32_t value);
ScalarPtr int8(std::int64_t value);
ScalarPtr text(std::string value);
ScalarPtr of(Type type, std::string_view text);  // by its text format

// The value as text, "NULL", or "ERROR: message".
std::string show(const ScalarPtr& constant);

// Rows written as {"1", "a"}; NULL is "NULL".
Batch rows(const std::vector<Type>& types, const std::vector<std::vector<std::string>>& values,
           std::vector<Diff> diffs = {});
// The rows as "1|a|x2" lines (the multiplicity if it is not 1), sorted.
std::vector<std::string> lines(const Batch& batch, bool sorted = true);

// Collections by number, each of a few chunks.
class Inputs final : public OnceInputs {
 public:
  void add(std::uint64_t collection, std::vector<Batch> chunks, std::vector<Batch> errors = {});
  storage::Snapshot snapshot(storage::CollectionId collection) override;

 private:
  std::vector<std::pair<std::uint64_t, storage::Snapshot>> snapshots_;
};

PlanPtr get(std::uint64_t collection, std::vector<Type> types);
const AggregateFunction& aggregate(std::string_view name, const std::vector<Type>& types);

std::vector<std::string> run(const PlanPtr& plan, Inputs& inputs, std::size_t threads = 1);
std::vector<std::string> run(const PlanPtr& plan, const Finishing& finishing, Inputs& inputs,
                             std::size_t threads = 1);

}  // namespace tailrace::engine::by_hand
