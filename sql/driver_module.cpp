// SPDX-License-Identifier: Apache-2.0
//
// See driver_module.h.
#include "sql/driver_module.h"

#include <dlfcn.h>

#include <filesystem>

namespace redipy::sql {

std::unique_ptr<Driver> connect(const std::string& name, const ConnectionSettings& settings) {
  const std::string file = "redipy_sql_" + name + ".so";
  const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  std::string tried;
  for (const auto& path : {folder / file, folder / ".." / file, folder / ".." / "lib" / "redipy" / file}) {
    if (!std::filesystem::exists(path)) {
      tried += (tried.empty() ? "" : ", ") + path.string();
      continue;
    }
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays: its code is in use from here on
    if (module == nullptr) throw SqlError(SqlError::other, "cannot load the driver: " + std::string(::dlerror()));
    const auto make = reinterpret_cast<MakeDriver>(::dlsym(module, make_driver_name));
    if (make == nullptr) throw SqlError(SqlError::other, "not a driver: " + path.string());
    return std::unique_ptr<Driver>(make(settings));
  }
  throw SqlError(SqlError::other, "the driver is not installed: there is no " + tried);
}

}  // namespace redipy::sql
