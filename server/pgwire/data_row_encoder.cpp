// Results as DataRow messages.
#include <fmt/format.h>

#include "server/pgwire/backend_message.hpp"
#include "server/pgwire/field_writer.hpp"
#include "server/pgwire/row_encoder.hpp"

namespace tailrace::server {

namespace {

class DataRowEncoder final : public RowEncoder {
 public:
  explicit DataRowEncoder(std::vector<FieldWriter> fields) : fields_(std::move(fields)) {}

  std::size_t append_rows(const Batch& batch, std::size_t first, std::size_t bytes_max,
                          std::string& out) override {
    std::size_t row = first;
    for (; row < batch.rows && out.size() < bytes_max; ++row) {
      MessageWriter writer(out, 'D');
      writer.uint16(static_cast<std::uint16_t>(fields_.size()));
      for (std::size_t i = 0; i < fields_.size(); ++i) {
        fields_[i].append_sized(*batch.columns[i], row, out);
      }
    }
    return row;
  }

 private:
  std::vector<FieldWriter> fields_;
};

}  // namespace

std::unique_ptr<RowEncoder> data_row_encoder(const Schema& schema,
                                             std::span<const std::int16_t> formats,
                                             int extra_float_digits) {
  if (formats.size() > 1 && formats.size() != schema.size()) {
    throw SqlError(sqlstate::protocol_violation,
                   fmt::format("bind message has {} result formats but query has {} columns",
                               formats.size(), schema.size()));
  }
  std::vector<FieldWriter> fields;
  fields.reserve(schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const bool binary = !formats.empty() && formats[formats.size() == 1 ? 0 : i] == 1;
    const Type& type = schema.columns[i].type;
    fields.push_back(binary ? FieldWriter::binary(type)
                            : FieldWriter::text(type, extra_float_digits));
  }
  return std::make_unique<DataRowEncoder>(std::move(fields));
}

}  // namespace tailrace::server
