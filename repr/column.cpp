#include "repr/column.hpp"

#include "repr/error.hpp"

namespace tailrace {

Layout layout_of(const Type& type) {
  switch (type.id()) {
    case TypeId::boolean:
      return Layout::bool8;
    case TypeId::int2:
      return Layout::int16;
    case TypeId::int4:
    case TypeId::date:
      return Layout::int32;
    case TypeId::int8:
    case TypeId::time:
    case TypeId::timestamp:
    case TypeId::timestamptz:
      return Layout::int64;
    case TypeId::uint2:
      return Layout::uint16;
    case TypeId::uint4:
    case TypeId::oid:
    case TypeId::regproc:
    case TypeId::regclass:
    case TypeId::regtype:
      return Layout::uint32;
    case TypeId::uint8:
    case TypeId::mz_timestamp:
      return Layout::uint64;
    case TypeId::float4:
      return Layout::float32;
    case TypeId::float8:
      return Layout::float64;
    case TypeId::numeric:
      return Layout::numeric;
    case TypeId::interval:
      return Layout::interval;
    case TypeId::uuid:
      return Layout::uuid;
    default:
      return Layout::bytes;
  }
}

std::size_t width_of(Layout layout) {
  switch (layout) {
    case Layout::bool8:
      return 1;
    case Layout::int16:
    case Layout::uint16:
      return 2;
    case Layout::int32:
    case Layout::uint32:
    case Layout::float32:
      return 4;
    case Layout::int64:
    case Layout::uint64:
    case Layout::float64:
    case Layout::decimal64:
      return 8;
    case Layout::decimal128:
    case Layout::interval:
    case Layout::uuid:
      return 16;
    case Layout::numeric:
      return sizeof(Numeric);
    case Layout::bytes:
      return 0;
  }
  return 0;
}

Numeric Column::numeric(std::size_t row) const {
  switch (layout_) {
    case Layout::decimal64:
      return Numeric::from_scaled(values<std::int64_t>()[row], decimal_scale_);
    case Layout::decimal128:
      return Numeric::from_scaled(values<__int128>()[row], decimal_scale_);
    case Layout::numeric:
      return values<Numeric>()[row];
    default:
      ensure(false, "the column is not numeric");
      return {};
  }
}

Value Column::value(std::size_t row) const {
  if (is_null(row)) return Null{};
  switch (layout_) {
    case Layout::bool8:
      return values<std::uint8_t>()[row] != 0;
    case Layout::int16:
      return values<std::int16_t>()[row];
    case Layout::int32:
      return values<std::int32_t>()[row];
    case Layout::int64:
      return values<std::int64_t>()[row];
    case Layout::uint16:
      return values<std::uint16_t>()[row];
    case Layout::uint32:
      return values<std::uint32_t>()[row];
    case Layout::uint64:
      return values<std::uint64_t>()[row];
    case Layout::float32:
      return values<float>()[row];
    case Layout::float64:
      return values<double>()[row];
    case Layout::decimal64:
    case Layout::decimal128:
    case Layout::numeric:
      return numeric(row);
    case Layout::interval:
      return values<Interval>()[row];
    case Layout::uuid:
      return values<Uuid>()[row];
    case Layout::bytes:
      return std::string(bytes(row));
  }
  return Null{};
}

std::size_t Column::memory_bytes() const {
  return sizeof(Column) + fixed_.capacity() + offsets_.capacity() * sizeof(std::uint32_t) +
         heap_.capacity() + validity_.capacity() * sizeof(std::uint64_t);
}

ColumnPtr Column::from_fixed(Type type, Layout layout, int decimal_scale, std::size_t size,
                             std::vector<std::byte> values, std::vector<std::uint64_t> validity) {
  ensure(values.size() == size * width_of(layout), "a value per row");
  ensure(validity.empty() || validity.size() == (size + 63) / 64, "a validity bit per row");
  auto column = std::shared_ptr<Column>(new Column());
  column->type_ = std::move(type);
  column->layout_ = layout;
  column->decimal_scale_ = decimal_scale;
  column->size_ = size;
  column->fixed_ = std::move(values);
  column->validity_ = std::move(validity);
  return column;
}

ColumnPtr Column::from_bytes(Type type, std::vector<std::uint32_t> offsets, std::string heap,
                             std::vector<std::uint64_t> validity) {
  ensure(!offsets.empty() && offsets.back() == heap.size(), "offsets must end where the heap ends");
  auto column = std::shared_ptr<Column>(new Column());
  column->type_ = std::move(type);
  column->layout_ = Layout::bytes;
  column->size_ = offsets.size() - 1;
  ensure(validity.empty() || validity.size() == (column->size_ + 63) / 64,
         "a validity bit per row");
  column->offsets_ = std::move(offsets);
  column->heap_ = std::move(heap);
  column->validity_ = std::move(validity);
  return column;
}

ColumnPtr Column::repeat(Type type, const Value& value, std::size_t size) {
  ColumnBuilder one(std::move(type), 1);
  one.append_value(value);
  const std::vector<std::uint32_t> zeros(size, 0);
  return gather(one.finish(), zeros);
}

ColumnPtr Column::retyped(const ColumnPtr& column, Type type) {
  if (column->type_ == type) return column;
  const Layout layout = layout_of(type);
  ensure(layout == column->layout_ ||
             (layout == Layout::numeric && layout_of(column->type_) == Layout::numeric),
         "the new type must have the column's layout");
  auto copy = std::shared_ptr<Column>(new Column(*column));
  copy->type_ = std::move(type);
  return copy;
}

namespace {

template <std::size_t width>
void gather_fixed(const std::byte* from, std::span<const std::uint32_t> rows, std::byte* to) {
  for (std::uint32_t row : rows) {
    std::memcpy(to, from + row * width, width);
    to += width;
  }
}

void gather_fixed(const std::byte* from, std::size_t width, std::span<const std::uint32_t> rows,
                  std::byte* to) {
  switch (width) {
    case 1:
      return gather_fixed<1>(from, rows, to);
    case 2:
      return gather_fixed<2>(from, rows, to);
    case 4:
      return gather_fixed<4>(from, rows, to);
    case 8:
      return gather_fixed<8>(from, rows, to);
    case 16:
      return gather_fixed<16>(from, rows, to);
    default:
      return gather_fixed<sizeof(Numeric)>(from, rows, to);
  }
}

// Nothing, where all rows asked for have values.
std::vector<std::uint64_t> gather_validity(const Column& column,
                                           std::span<const std::uint32_t> rows) {
  std::vector<std::uint64_t> validity;
  if (!column.has_nulls()) return validity;
  validity.resize((rows.size() + 63) / 64);
  bool all = true;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint64_t valid = column.is_null(rows[i]) ? 0 : 1;
    validity[i >> 6] |= valid << (i & 63);
    all &= valid != 0;
  }
  if (all) validity.clear();
  return validity;
}

std::vector<std::uint64_t> slice_validity(const Column& column, std::size_t first,
                                          std::size_t count) {
  std::vector<std::uint64_t> validity;
  if (!column.has_nulls() || count == 0) return validity;
  const std::span<const std::uint64_t> from = column.validity();
  validity.resize((count + 63) / 64);
  const unsigned shift = first & 63;
  bool all = true;
  for (std::size_t i = 0; i < validity.size(); ++i) {
    const std::size_t word = (first >> 6) + i;
    std::uint64_t bits = from[word] >> shift;
    if (shift != 0 && word + 1 < from.size()) bits |= from[word + 1] << (64 - shift);
    const std::size_t left = count - i * 64;
    const std::uint64_t mask = left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
    validity[i] = bits & mask;
    all &= validity[i] == mask;
  }
  if (all) validity.clear();
  return validity;
}

}  // namespace

ColumnPtr gather(const ColumnPtr& column, std::span<const std::uint32_t> rows) {
  std::vector<std::uint64_t> validity = gather_validity(*column, rows);
  if (column->layout() != Layout::bytes) {
    const std::size_t width = width_of(column->layout());
    std::vector<std::byte> values(rows.size() * width);
    gather_fixed(column->fixed_bytes().data(), width, rows, values.data());
    return Column::from_fixed(column->type(), column->layout(), column->decimal_scale(),
                              rows.size(), std::move(values), std::move(validity));
  }
  ColumnBuilder builder(column->type(), rows.size());
  builder.append_selected(*column, rows);
  return builder.finish();
}

ColumnPtr slice(const ColumnPtr& column, std::size_t first, std::size_t count) {
  ensure(first + count <= column->size(), "a slice must lie inside the column");
  if (first == 0 && count == column->size()) return column;
  std::vector<std::uint64_t> validity = slice_validity(*column, first, count);
  if (column->layout() != Layout::bytes) {
    const std::size_t width = width_of(column->layout());
    const auto bytes = column->fixed_bytes().subspan(first * width, count * width);
    return Column::from_fixed(column->type(), column->layout(), column->decimal_scale(), count,
                              {bytes.begin(), bytes.end()}, std::move(validity));
  }
  const auto from = column->offsets();
  std::vector<std::uint32_t> offsets(count + 1);
  const std::uint32_t base = from[first];
  for (std::size_t i = 0; i <= count; ++i) offsets[i] = from[first + i] - base;
  std::string heap(column->heap().substr(base, from[first + count] - base));
  return Column::from_bytes(column->type(), std::move(offsets), std::move(heap),
                            std::move(validity));
}

ColumnPtr concatenate(std::span<const ColumnPtr> columns) {
  ensure(!columns.empty(), "nothing to concatenate");
  if (columns.size() == 1) return columns.front();
  std::size_t rows = 0;
  std::size_t bytes = 0;
  for (const ColumnPtr& column : columns) {
    rows += column->size();
    bytes += column->heap().size();
  }
  ColumnBuilder builder(columns.front()->type(), rows);
  if (columns.front()->layout() == Layout::bytes) builder.heap().reserve(bytes);
  for (const ColumnPtr& column : columns) builder.append_range(*column, 0, column->size());
  return builder.finish();
}

}  // namespace tailrace
