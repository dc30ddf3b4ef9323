// For each row the rows of a table function.
#include "engine/functions/table_function.hpp"
#include "engine/operators/run.hpp"

namespace tailrace::engine {

namespace {

constexpr std::size_t rows_per_batch = 32 << 10;
// What one call may give: beyond it the query would only fail later, for want of memory.
constexpr std::size_t rows_per_call_max = 100'000'000;

class FlatMapMorsels final : public Morsels {
 public:
  // The input has the arguments as further columns behind the first `width`.
  FlatMapMorsels(const plan::FlatMap& node, std::vector<int> arguments, std::size_t width,
                 MorselsPtr input, Run& run)
      : node_(node),
        arguments_(std::move(arguments)),
        width_(width),
        input_(std::move(input)),
        run_(run) {
    std::vector<Type> types;
    for (const ScalarPtr& argument : node.arguments) types.push_back(argument->type);
    for (const ColumnSchema& column : node.function->columns(types)) types_.push_back(column.type);
  }

  std::size_t count() const override { return input_->count(); }
  std::size_t rows_estimate() const override { return input_->rows_estimate() * 4; }
  bool may_retract(std::size_t morsel) const override { return input_->may_retract(morsel); }
  void produce(std::size_t morsel, const BatchConsumer& consume) override {
    input_->produce(morsel, [&](const Batch& batch) { expand(batch, consume); });
  }

 private:
  void expand(const Batch& batch, const BatchConsumer& consume) {
    std::vector<ColumnPtr> arguments;
    for (const int column : arguments_)
      arguments.push_back(batch.columns[static_cast<std::size_t>(column)]);
    std::vector<ColumnBuilder> builders;
    for (const Type& type : types_) builders.emplace_back(type);
    ColumnBuilder ordinals(TypeId::int8);
    std::vector<std::uint32_t> origins;
    const auto flush = [&] {
      if (origins.empty()) return;
      std::vector<int> input_columns(width_);
      for (std::size_t i = 0; i < width_; ++i) input_columns[i] = static_cast<int>(i);
      Batch result = gather(batch.project(input_columns), origins);
      for (ColumnBuilder& builder : builders) result.columns.push_back(builder.finish());
      if (node_.ordinality) result.columns.push_back(ordinals.finish());
      origins.clear();
      consume(std::move(result));
    };
    for (std::size_t row = 0; row < batch.rows; ++row) {
      if (node_.function->nulls == Nulls::strict && any_null(arguments, row)) continue;
      std::size_t made = 0;
      try {
        made = node_.function->rows(arguments, row, builders, rows_per_call_max);
      } catch (const SqlError& error) {
        run_.errors().add(DataError::from(error), batch.diffs[row]);
        drop_partial(builders, origins.size());
        continue;
      }
      origins.insert(origins.end(), made, static_cast<std::uint32_t>(row));
      if (node_.ordinality) {
        for (std::size_t i = 1; i <= made; ++i) ordinals.append(static_cast<std::int64_t>(i));
      }
      if (origins.size() >= rows_per_batch) flush();
    }
    flush();
  }

  static bool any_null(const std::vector<ColumnPtr>& columns, std::size_t row) {
    for (const ColumnPtr& column : columns) {
      if (column->is_null(row)) return true;
    }
    return false;
  }

  // A call that failed may have appended rows before.
  static void drop_partial(std::vector<ColumnBuilder>& builders, std::size_t rows) {
    for (ColumnBuilder& builder : builders) {
      if (builder.size() == rows) continue;
      const Type type = builder.type();
      const ColumnPtr all = builder.finish();
      builder = ColumnBuilder(type);
      builder.append_range(*all, 0, rows);
    }
  }

  const plan::FlatMap& node_;
  std::vector<int> arguments_;
  std::size_t width_;
  MorselsPtr input_;
  Run& run_;
  std::vector<Type> types_;
};

}  // namespace

MorselsPtr open_flat_map(const Plan&, const plan::FlatMap& node, Run& run) {
  const std::size_t width = node.input->types.size();
  std::vector<ScalarPtr> maps;
  std::vector<int> places;
  for (const ScalarPtr& argument : node.arguments) {
    if (const auto* reference = std::get_if<scalar::Column>(&argument->node)) {
      places.push_back(reference->index);
    } else {
      places.push_back(static_cast<int>(width + maps.size()));
      maps.push_back(argument);
    }
  }
  MorselsPtr input = open(map(node.input, std::move(maps)), run);
  return std::make_shared<FlatMapMorsels>(node, std::move(places), width, std::move(input), run);
}

}  // namespace tailrace::engine
