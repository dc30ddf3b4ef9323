#include "repr/value_codec.hpp"

#include <limits>

#include "repr/byte_codec.hpp"

namespace tailrace {

namespace {

// One NaN only, so that equal values are equal bytes.
template <class T>
void put_one(const T& value, std::string& out) {
  out += '\1';
  if constexpr (std::is_floating_point_v<T>) {
    put_fixed(out, value == value ? value : std::numeric_limits<T>::quiet_NaN());
  } else {
    put_fixed(out, value);
  }
}

}  // namespace

void put_value(Layout layout, const Value& value, std::string& out) {
  if (is_null(value)) {
    out += '\0';
    return;
  }
  std::visit(
      [&]<class T>(const T& of) {
        if constexpr (std::is_same_v<T, std::string>) {
          ensure(layout == Layout::bytes, "the value must have the layout of its type");
          out += '\1';
          put_bytes(out, of);
        } else if constexpr (!std::is_same_v<T, Null>) {
          ensure(sizeof(T) == width_of(layout), "the value must have the layout of its type");
          put_one(of, out);
        }
      },
      value);
}

void put_value(const Column& column, std::size_t row, std::string& out) {
  if (column.is_null(row)) {
    out += '\0';
    return;
  }
  switch (column.layout()) {
    case Layout::bytes:
      out += '\1';
      return put_bytes(out, column.bytes(row));
    case Layout::float32:
      return put_one(column.values<float>()[row], out);
    case Layout::float64:
      return put_one(column.values<double>()[row], out);
    case Layout::decimal64:
    case Layout::decimal128:
    case Layout::numeric:
      return put_one(column.numeric(row), out);
    default: {
      const std::size_t width = width_of(column.layout());
      out += '\1';
      out.append(reinterpret_cast<const char*>(column.fixed_bytes().data()) + row * width, width);
    }
  }
}

Value take_value(Layout layout, std::string_view& bytes) {
  const char mark = take_bytes(bytes, 1).front();
  if (mark == '\0') return Null{};
  if (mark != '\1') fail_corrupted("value mark");
  switch (layout) {
    case Layout::bool8:
      return take_fixed<std::uint8_t>(bytes) != 0;
    case Layout::int16:
      return take_fixed<std::int16_t>(bytes);
    case Layout::int32:
      return take_fixed<std::int32_t>(bytes);
    case Layout::int64:
      return take_fixed<std::int64_t>(bytes);
    case Layout::uint16:
      return take_fixed<std::uint16_t>(bytes);
    case Layout::uint32:
      return take_fixed<std::uint32_t>(bytes);
    case Layout::uint64:
      return take_fixed<std::uint64_t>(bytes);
    case Layout::float32:
      return take_fixed<float>(bytes);
    case Layout::float64:
      return take_fixed<double>(bytes);
    case Layout::decimal64:
    case Layout::decimal128:
    case Layout::numeric:
      return take_fixed<Numeric>(bytes);
    case Layout::interval:
      return take_fixed<Interval>(bytes);
    case Layout::uuid:
      return take_fixed<Uuid>(bytes);
    case Layout::bytes:
      return std::string(take_counted_bytes(bytes));
  }
  return Null{};
}

void take_value(std::string_view& bytes, ColumnBuilder& out) {
  if (layout_of(out.type()) == Layout::bytes && bytes.starts_with('\1')) {
    bytes.remove_prefix(1);
    return out.append_bytes(take_counted_bytes(bytes));
  }
  out.append_value(take_value(layout_of(out.type()), bytes));
}

}  // namespace tailrace
