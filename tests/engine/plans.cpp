#include "tests/engine/plans.hpp"

#include <algorithm>

namespace tailrace::engine::by_hand {

namespace {

bool fits(const Parameter& parameter, const Type& type) {
  using Kind = Parameter::Kind;
  switch (parameter.kind) {
    case Kind::type:
      return parameter.type.same_base(type);
    case Kind::anyarray:
    case Kind::anycompatiblearray:
      return type.id() == TypeId::array;
    case Kind::anylist:
    case Kind::anycompatiblelist:
      return type.id() == TypeId::list;
    case Kind::anymap:
    case Kind::anycompatiblemap:
      return type.id() == TypeId::map;
    case Kind::anyrange:
      return type.id() == TypeId::range;
    case Kind::record:
      return type.id() == TypeId::record;
    default:
      return true;
  }
}

template <class Entry>
bool fits(const Entry& entry, const std::vector<Type>& types, bool variadic) {
  if (types.size() < entry.takes.size() - (variadic ? 1 : 0)) return false;
  if (!variadic && types.size() != entry.takes.size()) return false;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (!fits(entry.takes[std::min(i, entry.takes.size() - 1)], types[i])) return false;
  }
  return true;
}

class BatchChunk final : public storage::Chunk {
 public:
  explicit BatchChunk(Batch batch) : batch_(std::move(batch)) {}
  std::size_t rows_max() const override { return batch_.rows; }
  bool may_match(std::span<const storage::ColumnRange>) const override { return true; }
  bool may_retract() const override {
    for (std::size_t row = 0; row < batch_.rows; ++row) {
      if (batch_.diffs[row] < 0) return true;
    }
    return false;
  }
  Batch read(std::span<const int> columns) const override { return batch_.project(columns); }

 private:
  Batch batch_;
};

}  // namespace

const Function& overload(std::string_view name, const std::vector<Type>& types) {
  for (const auto candidates : {functions_named(name), operators_named(name)}) {
    for (const Function* function : candidates) {
      if (fits(*function, types, function->variadic)) return *function;
    }
  }
  FAIL("no function " << std::string(name));
  std::abort();
}

ScalarPtr apply(std::string_view name, std::vector<ScalarPtr> arguments, Type type) {
  std::vector<Type> types;
  for (const ScalarPtr& argument : arguments) types.push_back(argument->type);
  return call(overload(name, types), std::move(arguments), std::move(type));
}

ScalarPtr cast(ScalarPtr scalar, Type to) {
  const Function* function = find_cast(scalar->type, to, CastContext::explicit_);
  REQUIRE(function != nullptr);
  return call(*function, {std::move(scalar)}, std::move(to));
}

ScalarPtr int4(std::int32_t value) {
  return literal(value, TypeId::int4);
}
ScalarPtr int8(std::int64_t value) {
  return literal(value, TypeId::int8);
}
ScalarPtr text(std::string value) {
  return literal(std::move(value), TypeId::text);
}
ScalarPtr of(Type type, std::string_view text) {
  return literal(from_text(type, text), type);
}

std::string show(const ScalarPtr& constant) {
  try {
    const Value value = evaluate_constant(constant, {});
    return is_null(value) ? "NULL" : to_text(constant->type, value, {.flavour = TextFlavour::cast});
  } catch (const SqlError& error) {
    return "ERROR: " + error.message();
  }
}

Batch rows(const std::vector<Type>& types, const std::vector<std::vector<std::string>>& values,
           std::vector<Diff> diffs) {
  BatchBuilder builder(types);
  for (std::size_t row = 0; row < values.size(); ++row) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (values[row][i] == "NULL") {
        builder.column(i).append_null();
      } else {
        text_reader(types[i])(values[row][i], builder.column(i));
      }
    }
    builder.end_row(0, diffs.empty() ? 1 : diffs[row]);
  }
  return builder.finish();
}

std::vector<std::string> lines(const Batch& batch, bool sorted) {
  std::vector<std::string> result;
  for (std::size_t row = 0; row < batch.rows; ++row) {
    std::string line;
    for (const ColumnPtr& column : batch.columns) {
      if (!line.empty()) line += '|';
      if (column->is_null(row)) {
        line += "NULL";
      } else {
        text_writer(column->type())(*column, row, {.flavour = TextFlavour::cast}, line);
      }
    }
    if (batch.diffs[row] != 1) line += "|x" + std::to_string(batch.diffs[row]);
    result.push_back(std::move(line));
  }
  if (sorted) std::sort(result.begin(), result.end());
  return result;
}

void Inputs::add(std::uint64_t collection, std::vector<Batch> chunks, std::vector<Batch> errors) {
  storage::Snapshot snapshot;
  for (Batch& chunk : chunks)
    snapshot.rows.chunks.push_back(std::make_shared<BatchChunk>(std::move(chunk)));
  for (Batch& chunk : errors)
    snapshot.errors.chunks.push_back(std::make_shared<BatchChunk>(std::move(chunk)));
  snapshots_.emplace_back(collection, std::move(snapshot));
}

storage::Snapshot Inputs::snapshot(storage::CollectionId collection) {
  for (const auto& [id, snapshot] : snapshots_) {
    if (id == collection.value) return snapshot;
  }
  throw SqlError(sqlstate::undefined_table, "no such collection");
}

PlanPtr get(std::uint64_t collection, std::vector<Type> types) {
  const std::vector<bool> nullable(types.size(), true);
  return get_collection({collection}, "t" + std::to_string(collection), std::move(types), nullable);
}

const AggregateFunction& aggregate(std::string_view name, const std::vector<Type>& types) {
  for (const AggregateFunction* function : aggregates_named(name)) {
    if (fits(*function, types, false)) return *function;
  }
  FAIL("no aggregate " << std::string(name));
  std::abort();
}

std::vector<std::string> run(const PlanPtr& plan, Inputs& inputs, std::size_t threads) {
  try {
    std::vector<Batch> batches;
    run_once(plan, {.inputs = inputs, .threads = threads},
             [&](Batch batch) { batches.push_back(batch.with_time(0)); });
    return batches.empty() ? std::vector<std::string>() : lines(consolidate(concatenate(batches)));
  } catch (const SqlError& error) {
    return {"ERROR: " + error.message()};
  }
}

std::vector<std::string> run(const PlanPtr& plan, const Finishing& finishing, Inputs& inputs,
                             std::size_t threads) {
  try {
    std::vector<std::string> result;
    run_once(plan, finishing, {.inputs = inputs, .threads = threads}, [&](const Batch& batch) {
      for (std::string& line : lines(batch, false)) result.push_back(std::move(line));
    });
    return result;
  } catch (const SqlError& error) {
    return {"ERROR: " + error.message()};
  }
}

}  // namespace tailrace::engine::by_hand
