# The binary. `node-gyp rebuild`, or `node-gyp rebuild -- -Dsanitize=address,undefined` for one with ASan and UBSan.
{
  'variables': {
    # Not "asan": Node's own configuration has a variable of that name, which counts more than one given with -D.
    'sanitize%': '',
    # `npm run build:debug`: for gdb, and with the standard library's own assertions.
    'debuggable%': 0,
    # On Windows: a folder with OpenSSL's include/ and, in lib/, its static libraries.
    'openssl_root%': 'C:/Program Files/OpenSSL-Win64',
    # Linux only, for tests: a folder with a kqueue(2), over which the port for macOS and the BSDs is built in epoll's place.
    'kevent%': '',
  },
  'targets': [
    {
      'target_name': 'berkeley',
      'include_dirs': ['native', 'native/os', '<!(node -p "require(\'node-addon-api\').include_dir")'],
      # An exception that JavaScript cannot be given, because its environment ends, is dropped: it must not end the process.
      'defines': [
        'NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED',
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'sources': [
        'native/napi/args.cc',
        'native/napi/batch.cc',
        'native/napi/constants.cc',
        'native/napi/data.cc',
        'native/napi/descriptors.cc',
        'native/napi/env.cc',
        'native/napi/layout.cc',
        'native/napi/libuv.cc',
        'native/napi/loop.cc',
        'native/napi/names.cc',
        'native/napi/owners.cc',
        'native/napi/pack.cc',
        'native/napi/proactor.cc',
        'native/napi/resolve.cc',
        'native/napi/tls/callbacks.cc',
        'native/napi/tls/handles.cc',
        'native/napi/tls/connection.cc',
        'native/napi/tls/connection_info.cc',
        'native/napi/tls/context.cc',
        'native/napi/tls/library.cc',
        'native/napi/tls/session.cc',
        'native/napi/waiting.cc',
        'native/napi/watch.cc',
        'native/napi/zerocopy.cc',
        'native/os/common/batch.cc',
        'native/os/common/proactor.cc',
      ],
      'dependencies': ['berkeley_tls'],
      'cflags!': ['-fno-omit-frame-pointer'],
      'cflags': ['-fvisibility=hidden', '-O2', '-Wall', '-Wextra', '-Werror'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['-std=c++17', '-fno-exceptions', '-fno-rtti'],
      'conditions': [
        ['OS != "win"', {
          'include_dirs': ['native/os/posix'],
          'sources': [
            'native/napi/posix/signals.cc',
            'native/os/posix/data.cc',
            'native/os/posix/descriptors.cc',
            'native/os/posix/names.cc',
            'native/os/posix/park.cc',
            'native/os/posix/poll.cc',
            'native/os/posix/poll_poller.cc',
            'native/system/posix/nonblocking.cc',
            'native/system/posix/sleep.cc',
            'native/system/posix/thread.cc',
          ],
        }],
        ['OS == "linux"', {
          'include_dirs': ['native/os/linux'],
          'sources': [
            'native/os/linux/batch.cc',
            'native/os/linux/connect.cc',
            'native/os/linux/create.cc',
            'native/os/linux/databases.cc',
            'native/os/linux/sendfile.cc',
            'native/os/linux/zerocopy.cc',
          ],
          # The system's OpenSSL as static libraries: a shared one would be bound to the copy that Node exports.
          'libraries': ['-Wl,-Bstatic', '-lssl', '-lcrypto', '-Wl,-Bdynamic', '-ldl', '-pthread'],
          # Nothing of a static library is exported, our own names bind to ourselves, and the binary stays mapped when
          # the last worker that loaded it ends: its thread-exit code may still run.
          'ldflags': ['-Wl,--exclude-libs,ALL', '-Wl,-Bsymbolic', '-Wl,-z,nodelete'],
        }],
        # scripts/windows.mjs builds the same with mingw-w64, and takes whatever lies in these folders.
        ['OS == "win"', {
          'include_dirs': ['native/os/win'],
          'defines': ['WIN32_LEAN_AND_MEAN', 'NOMINMAX', '_WIN32_WINNT=0x0A00'],
          'sources': [
            'native/napi/win/poller.cc',
            'native/napi/win/signals.cc',
            'native/napi/win/windows.cc',
            'native/os/win/absent.cc',
            'native/os/win/afd.cc',
            'native/os/win/afd_poller.cc',
            'native/os/win/data.cc',
            'native/os/win/databases.cc',
            'native/os/win/descriptors.cc',
            'native/os/win/names.cc',
            'native/os/win/poll.cc',
            'native/os/win/stores.cc',
            'native/os/win/win.cc',
            'native/system/win/nonblocking.cc',
            'native/system/win/sleep.cc',
            'native/system/win/thread.cc',
          ],
          'libraries': [
            '<(openssl_root)/lib/libssl.lib', '<(openssl_root)/lib/libcrypto.lib',
            'ws2_32.lib', 'iphlpapi.lib', 'crypt32.lib', 'ntdll.lib', 'advapi32.lib', 'user32.lib', 'gdi32.lib',
          ],
          'msvs_settings': { 'VCCLCompilerTool': { 'AdditionalOptions': ['/std:c++17'] } },
        }],
        ['OS == "linux" and kevent == ""', {
          'sources': ['native/napi/linux/epoll.cc', 'native/os/linux/epoll.cc'],
        }],
        ['OS == "linux" and kevent != ""', {
          'include_dirs+': ['<(kevent)'],
          'sources': ['<(kevent)/kevent.cc', 'native/napi/bsd/kqueue.cc', 'native/os/bsd/kqueue.cc'],
          'ldflags': ['-Wl,--wrap=close'],
        }],
        ['OS in "mac freebsd netbsd openbsd"', {
          'include_dirs': ['native/os/bsd'],
          'sources': [
            'native/napi/bsd/kqueue.cc',
            'native/os/bsd/batch.cc',
            'native/os/bsd/connect.cc',
            'native/os/bsd/create.cc',
            'native/os/bsd/databases.cc',
            'native/os/bsd/kqueue.cc',
            'native/os/bsd/sendfile.cc',
            'native/os/bsd/zerocopy.cc',
          ],
        }],
        ['OS == "mac"', {
          'libraries': ['<!(brew --prefix openssl@3)/lib/libssl.a', '<!(brew --prefix openssl@3)/lib/libcrypto.a'],
          'xcode_settings': {
            'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
            'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
            'GCC_ENABLE_CPP_RTTI': 'NO',
            'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
            'MACOSX_DEPLOYMENT_TARGET': '11.0',
            'OTHER_CFLAGS': ['-Wall', '-Wextra', '-Werror'],
          },
        }],
        # The base system's OpenSSL is 3 since FreeBSD 14, and has static libraries.
        ['OS == "freebsd"', {
          'libraries': ['-Wl,-Bstatic', '-lssl', '-lcrypto', '-Wl,-Bdynamic', '-pthread'],
          'ldflags': ['-Wl,--exclude-libs,ALL', '-Wl,-Bsymbolic', '-Wl,-z,nodelete'],
        }],
        # Theirs is LibreSSL, or of another version: OpenSSL comes from pkgsrc or ports.
        ['OS == "netbsd"', {
          'libraries': ['/usr/pkg/lib/libssl.a', '/usr/pkg/lib/libcrypto.a', '-pthread'],
          'ldflags': ['-Wl,--exclude-libs,ALL', '-Wl,-Bsymbolic', '-Wl,-z,nodelete'],
        }],
        ['OS == "openbsd"', {
          'libraries': [
            '<!(ls /usr/local/lib/eopenssl3*/libssl.a | tail -1)',
            '<!(ls /usr/local/lib/eopenssl3*/libcrypto.a | tail -1)',
            '-pthread',
          ],
          'ldflags': ['-Wl,--exclude-libs,ALL', '-Wl,-Bsymbolic', '-Wl,-z,nodelete'],
        }],
        ['debuggable == 1', {
          'defines': ['_GLIBCXX_ASSERTIONS'],
          'configurations': {
            # The optimization level of Node's own configuration comes after ours.
            'Release': { 'cflags!': ['-O3'], 'cflags': ['-O0', '-g'] },
          },
        }],
        ['sanitize != ""', {
          'cflags': [
            '-fsanitize=<(sanitize)', '-fno-sanitize-recover=undefined', '-fno-omit-frame-pointer', '-g',
          ],
          'ldflags': ['-fsanitize=<(sanitize)'],
        }],
      ],
    },
    {
      # OpenSSL behind tls.h. A target of its own, for it alone must not see Node's headers: those bring Node's OpenSSL.
      'target_name': 'berkeley_tls',
      'type': 'static_library',
      'include_dirs!': [
        '<(node_root_dir)/include/node',
        '<(node_root_dir)/src',
        '<(node_root_dir)/deps/openssl/config',
        '<(node_root_dir)/deps/openssl/openssl/include',
      ],
      'sources': [
        'native/tls/callbacks.cc',
        'native/tls/certificate.cc',
        'native/tls/connection.cc',
        'native/tls/connection_info.cc',
        'native/tls/constants.cc',
        'native/tls/context.cc',
        'native/tls/context_certificates.cc',
        'native/tls/descriptor_bio.cc',
        'native/tls/error.cc',
        'native/tls/library.cc',
        'native/tls/memory_bio.cc',
        'native/tls/session.cc',
      ],
      'cflags!': ['-fno-omit-frame-pointer'],
      'cflags': ['-fPIC', '-fvisibility=hidden', '-O2', '-Wall', '-Wextra', '-Werror'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['-std=c++17', '-fno-exceptions', '-fno-rtti'],
      'conditions': [
        ['OS != "win"', {
          'sources': ['native/tls/posix/kernel_tls.cc', 'native/tls/posix/transfer.cc'],
        }],
        ['OS == "win"', {
          'include_dirs': ['<(openssl_root)/include'],
          'defines': ['WIN32_LEAN_AND_MEAN', 'NOMINMAX', '_WIN32_WINNT=0x0A00'],
          'sources': ['native/tls/win/transfer.cc'],
          'msvs_settings': { 'VCCLCompilerTool': { 'AdditionalOptions': ['/std:c++17'] } },
        }],
        ['OS == "mac"', {
          'include_dirs': ['<!(brew --prefix openssl@3)/include'],
          'xcode_settings': {
            'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
            'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
            'GCC_ENABLE_CPP_RTTI': 'NO',
            'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
            'MACOSX_DEPLOYMENT_TARGET': '11.0',
            'OTHER_CFLAGS': ['-Wall', '-Wextra', '-Werror'],
          },
        }],
        ['OS == "netbsd"', { 'include_dirs': ['/usr/pkg/include'] }],
        ['OS == "openbsd"', { 'include_dirs': ['<!(ls -d /usr/local/include/eopenssl3* | tail -1)'] }],
        ['debuggable == 1', {
          'defines': ['_GLIBCXX_ASSERTIONS'],
          'configurations': {
            # The optimization level of Node's own configuration comes after ours.
            'Release': { 'cflags!': ['-O3'], 'cflags': ['-O0', '-g'] },
          },
        }],
        ['sanitize != ""', {
          'cflags': [
            '-fsanitize=<(sanitize)', '-fno-sanitize-recover=undefined', '-fno-omit-frame-pointer', '-g',
          ],
        }],
      ],
    },
  ],
}
