# The host: CPython inside Node. Built by `npm run conformance` and `npm run python` alone, never by a user's install.
{
  'targets': [
    {
      'target_name': 'conformance_host',
      'sources': ['host.cc', 'mailboxes.cc', 'python.cc'],
      'include_dirs': ['<!(node -p "require(\'node-api-headers\').include_dir")'],
      'defines': ['NAPI_VERSION=8', 'LIBPYTHON="<!(python3 -c "import sysconfig; print(sysconfig.get_config_var(\'INSTSONAME\'))")"'],
      'cflags': ['-O2', '-Wall', '-Wextra', '<!@(python3-config --includes)'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['-std=c++17'],
      'libraries': ['<!@(python3-config --embed --ldflags)'],
    },
  ],
}
