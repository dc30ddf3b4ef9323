#include <algorithm>

#include "repr/column.hpp"
#include "repr/decimal.hpp"
#include "repr/error.hpp"

namespace tailrace {

ColumnBuilder::ColumnBuilder(Type type, std::size_t expected_rows) {
  column_.type_ = std::move(type);
  start();
  if (column_.layout_ == Layout::bytes) {
    column_.offsets_.reserve(expected_rows + 1);
  } else {
    column_.fixed_.reserve(expected_rows * width_);
  }
}

// Numeric columns start in the narrowest layout, at the declared scale.
void ColumnBuilder::start() {
  column_.layout_ = layout_of(column_.type_);
  column_.decimal_scale_ = 0;
  if (column_.layout_ == Layout::numeric) {
    column_.layout_ = Layout::decimal64;
    column_.decimal_scale_ = column_.type_.numeric_scale().value_or(0);
  }
  width_ = width_of(column_.layout_);
  column_.size_ = 0;
  column_.fixed_.clear();
  column_.offsets_.clear();
  if (column_.layout_ == Layout::bytes) column_.offsets_.push_back(0);
  column_.heap_.clear();
  column_.validity_.clear();
}

void ColumnBuilder::append_validity_bit() {
  const std::size_t row = column_.size_;
  if ((row >> 6) >= column_.validity_.size()) column_.validity_.push_back(0);
  column_.validity_[row >> 6] |= std::uint64_t{1} << (row & 63);
}

namespace {

// All of `size` rows are valid.
std::vector<std::uint64_t> all_valid(std::size_t size) {
  std::vector<std::uint64_t> validity((size + 63) / 64, ~std::uint64_t{0});
  if ((size & 63) != 0) validity.back() = (std::uint64_t{1} << (size & 63)) - 1;
  return validity;
}

}  // namespace

void ColumnBuilder::append_null() {
  const std::size_t row = column_.size_;
  if (column_.validity_.empty()) column_.validity_ = all_valid(row);
  if ((row >> 6) >= column_.validity_.size()) column_.validity_.push_back(0);
  if (column_.layout_ == Layout::bytes) {
    column_.offsets_.push_back(static_cast<std::uint32_t>(column_.heap_.size()));
  } else {
    column_.fixed_.resize(column_.fixed_.size() + width_);
  }
  ++column_.size_;
}

void ColumnBuilder::append_bytes(std::string_view bytes) {
  ensure(width_ == 0, "the value must have the layout of the column");
  column_.heap_.append(bytes);
  end_bytes();
}

void ColumnBuilder::end_bytes() {
  const std::size_t end = column_.heap_.size();
  if (end > std::numeric_limits<std::uint32_t>::max()) {
    column_.heap_.resize(column_.offsets_.back());
    throw SqlError(sqlstate::program_limit_exceeded,
                   "the values of one column exceed 4 GiB in one batch");
  }
  column_.offsets_.push_back(static_cast<std::uint32_t>(end));
  mark_valid();
}

void ColumnBuilder::append_decimal(std::int64_t value, int scale) {
  if (column_.layout_ == Layout::decimal64) {
    if (column_.size_ == 0 && !column_.type_.numeric_scale()) column_.decimal_scale_ = scale;
    if (column_.decimal_scale_ == scale) return append_fixed(value);
  }
  append_numeric(Numeric::from_scaled(value, scale));
}

void ColumnBuilder::append_numeric(const Numeric& value) {
  for (;;) {
    switch (column_.layout_) {
      case Layout::decimal64: {
        std::int64_t scaled = 0;
        if (value.to_scaled(column_.decimal_scale_, scaled)) return append_fixed(scaled);
        break;
      }
      case Layout::decimal128: {
        __int128 scaled = 0;
        if (value.to_scaled(column_.decimal_scale_, scaled)) return append_fixed(scaled);
        break;
      }
      case Layout::numeric:
        return append_fixed(value);
      default:
        ensure(false, "the column is not numeric");
    }
    make_room_for(value);
  }
}

// The narrowest layout and scale that hold the value and all that is there already. A scale only
// grows and a layout only widens, so a column is rewritten a few dozen times at most.
void ColumnBuilder::make_room_for(const Numeric& value) {
  if (value.is_finite()) {
    const int scale = std::max(column_.decimal_scale_, value.scale());
    std::int64_t narrow = 0;
    __int128 wide = 0;
    if (column_.layout_ == Layout::decimal64 && value.to_scaled(scale, narrow) &&
        rescale(Layout::decimal64, scale)) {
      return;
    }
    if (value.to_scaled(scale, wide) && rescale(Layout::decimal128, scale)) return;
  }
  rescale(Layout::numeric, 0);
}

// Rewrites the values; false and unchanged if one of them does not fit.
bool ColumnBuilder::rescale(Layout layout, int scale) {
  std::vector<std::byte> values;
  values.reserve(std::max(column_.fixed_.capacity() / width_, column_.size_) * width_of(layout));
  values.resize(column_.size_ * width_of(layout));
  const int exponent = scale - column_.decimal_scale_;
  for (std::size_t row = 0; row < column_.size_; ++row) {
    if (layout == Layout::decimal64) {
      auto* out = reinterpret_cast<std::int64_t*>(values.data());
      if (!scale_up(column_.values<std::int64_t>()[row], exponent, out[row])) return false;
    } else if (layout == Layout::decimal128) {
      auto* out = reinterpret_cast<__int128*>(values.data());
      const __int128 from = column_.layout_ == Layout::decimal64
                                ? column_.values<std::int64_t>()[row]
                                : column_.values<__int128>()[row];
      if (!scale_up(from, exponent, out[row])) return false;
    } else {
      const Numeric value = column_.is_null(row) ? Numeric() : column_.numeric(row);
      std::memcpy(values.data() + row * sizeof(Numeric), &value, sizeof(Numeric));
    }
  }
  column_.fixed_ = std::move(values);
  column_.layout_ = layout;
  column_.decimal_scale_ = layout == Layout::numeric ? 0 : scale;
  width_ = width_of(layout);
  return true;
}

namespace {

template <class T>
const T& as(const Value& value) {
  const T* found = std::get_if<T>(&value);
  ensure(found != nullptr, "the value must have the layout of the column");
  return *found;
}

}  // namespace

void ColumnBuilder::append_value(const Value& value) {
  if (tailrace::is_null(value)) return append_null();
  switch (column_.layout_) {
    case Layout::bool8:
      return append(static_cast<std::uint8_t>(as<bool>(value)));
    case Layout::int16:
      return append(as<std::int16_t>(value));
    case Layout::int32:
      return append(as<std::int32_t>(value));
    case Layout::int64:
      return append(as<std::int64_t>(value));
    case Layout::uint16:
      return append(as<std::uint16_t>(value));
    case Layout::uint32:
      return append(as<std::uint32_t>(value));
    case Layout::uint64:
      return append(as<std::uint64_t>(value));
    case Layout::float32:
      return append(as<float>(value));
    case Layout::float64:
      return append(as<double>(value));
    case Layout::decimal64:
    case Layout::decimal128:
    case Layout::numeric:
      return append_numeric(as<Numeric>(value));
    case Layout::interval:
      return append(as<Interval>(value));
    case Layout::uuid:
      return append(as<Uuid>(value));
    case Layout::bytes:
      return append_bytes(as<std::string>(value));
  }
}

namespace {

bool is_numeric(Layout layout) {
  return layout == Layout::decimal64 || layout == Layout::decimal128 || layout == Layout::numeric;
}

}  // namespace

void ColumnBuilder::append_from(const Column& column, std::size_t row) {
  if (column.is_null(row)) return append_null();
  if (column.layout_ == Layout::bytes) return append_bytes(column.bytes(row));
  if (is_numeric(column.layout_)) {
    if (column.layout_ == Layout::decimal64) {
      return append_decimal(column.values<std::int64_t>()[row], column.decimal_scale_);
    }
    return append_numeric(column.numeric(row));
  }
  ensure(column.layout_ == column_.layout_, "the columns must have the same base type");
  const std::byte* from = column.fixed_.data() + row * width_;
  column_.fixed_.insert(column_.fixed_.end(), from, from + width_);
  mark_valid();
}

// Also moves the size on.
void ColumnBuilder::append_validity(const Column& column, std::size_t first, std::size_t count) {
  if (column.has_nulls() || !column_.validity_.empty()) {
    if (column_.validity_.empty()) column_.validity_ = all_valid(column_.size_);
    std::vector<std::uint64_t>& validity = column_.validity_;
    validity.resize((column_.size_ + count + 63) / 64);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t row = column_.size_ + i;
      if (!column.is_null(first + i)) validity[row >> 6] |= std::uint64_t{1} << (row & 63);
    }
  }
  column_.size_ += count;
}

void ColumnBuilder::append_range(const Column& column, std::size_t first, std::size_t count) {
  if (count == 0) return;
  if (column.layout_ == Layout::bytes) {
    ensure(width_ == 0, "the columns must have the same base type");
    const std::uint32_t from = column.offsets_[first];
    const std::size_t base = column_.heap_.size();
    const std::size_t end = base + (column.offsets_[first + count] - from);
    if (end > std::numeric_limits<std::uint32_t>::max()) {
      throw SqlError(sqlstate::program_limit_exceeded,
                     "the values of one column exceed 4 GiB in one batch");
    }
    column_.heap_.append(column.heap_, from, end - base);
    const std::size_t rows = column_.offsets_.size();
    column_.offsets_.resize(rows + count);
    for (std::size_t i = 0; i < count; ++i) {
      column_.offsets_[rows + i] =
          static_cast<std::uint32_t>(base + (column.offsets_[first + 1 + i] - from));
    }
    return append_validity(column, first, count);
  }
  if (column_.size_ == 0 && is_numeric(column.layout_)) {
    column_.layout_ = column.layout_;
    column_.decimal_scale_ = column.decimal_scale_;
    width_ = width_of(column.layout_);
  }
  if (column.layout_ != column_.layout_ || column.decimal_scale_ != column_.decimal_scale_) {
    for (std::size_t i = 0; i < count; ++i) append_from(column, first + i);
    return;
  }
  const std::byte* from = column.fixed_.data() + first * width_;
  column_.fixed_.insert(column_.fixed_.end(), from, from + count * width_);
  append_validity(column, first, count);
}

void ColumnBuilder::append_selected(const Column& column, std::span<const std::uint32_t> rows) {
  if (column.layout_ != Layout::bytes) {
    for (std::uint32_t row : rows) append_from(column, row);
    return;
  }
  std::size_t bytes = 0;
  for (std::uint32_t row : rows) bytes += column.offsets_[row + 1] - column.offsets_[row];
  std::size_t end = column_.heap_.size();
  if (end + bytes > std::numeric_limits<std::uint32_t>::max()) {
    throw SqlError(sqlstate::program_limit_exceeded,
                   "the values of one column exceed 4 GiB in one batch");
  }
  column_.heap_.resize(end + bytes);
  std::size_t written = column_.offsets_.size();
  column_.offsets_.resize(written + rows.size());
  for (std::uint32_t row : rows) {
    const std::uint32_t from = column.offsets_[row];
    const std::uint32_t length = column.offsets_[row + 1] - from;
    std::memcpy(column_.heap_.data() + end, column.heap_.data() + from, length);
    end += length;
    column_.offsets_[written++] = static_cast<std::uint32_t>(end);
  }
  if (!column.has_nulls() && column_.validity_.empty()) {
    column_.size_ += rows.size();
    return;
  }
  if (column_.validity_.empty()) column_.validity_ = all_valid(column_.size_);
  column_.validity_.resize((column_.size_ + rows.size() + 63) / 64);
  for (std::uint32_t row : rows) {
    const std::size_t to = column_.size_++;
    if (!column.is_null(row)) column_.validity_[to >> 6] |= std::uint64_t{1} << (to & 63);
  }
}

ColumnPtr ColumnBuilder::finish() {
  // A copy would keep the slack of growing buffers, a move keeps the type out of the builder.
  const Type type = column_.type_;
  auto column = std::shared_ptr<Column>(new Column(std::move(column_)));
  column_ = Column();
  column_.type_ = type;
  start();
  return column;
}

}  // namespace tailrace
