// Bluetooth's part of Linux's interface to programs: the kernel ships no header for it (BlueZ does, which need not be
// installed). Numbers and layouts are those of the kernel's include/net/bluetooth (bluetooth.h, hci_sock.h, l2cap.h,
// rfcomm.h, sco.h) and cannot change.
#ifndef BERKELEY_OS_LINUX_BLUETOOTH_H_
#define BERKELEY_OS_LINUX_BLUETOOTH_H_

#include <stdint.h>
#include <sys/socket.h>

#define BTPROTO_L2CAP 0
#define BTPROTO_HCI 1
#define BTPROTO_SCO 2
#define BTPROTO_RFCOMM 3

#define SOL_HCI 0
#define SOL_L2CAP 6
#define SOL_SCO 17
#ifndef SOL_BLUETOOTH
#define SOL_BLUETOOTH 274
#endif

// Kinds of device address.
#define BDADDR_BREDR 0
#define BDADDR_LE_PUBLIC 1
#define BDADDR_LE_RANDOM 2

// Options at SOL_BLUETOOTH, and their values.
#define BT_SECURITY 4
#define BT_SECURITY_SDP 0
#define BT_SECURITY_LOW 1
#define BT_SECURITY_MEDIUM 2
#define BT_SECURITY_HIGH 3
#define BT_SECURITY_FIPS 4
#define BT_DEFER_SETUP 7
#define BT_FLUSHABLE 8
#define BT_FLUSHABLE_OFF 0
#define BT_FLUSHABLE_ON 1
#define BT_POWER 9
#define BT_POWER_FORCE_ACTIVE_OFF 0
#define BT_POWER_FORCE_ACTIVE_ON 1
#define BT_CHANNEL_POLICY 10
#define BT_CHANNEL_POLICY_BREDR_ONLY 0
#define BT_CHANNEL_POLICY_BREDR_PREFERRED 1
#define BT_VOICE 11
#define BT_VOICE_TRANSPARENT 0x0003
#define BT_VOICE_CVSD_16BIT 0x0060
#define BT_VOICE_TRANSPARENT_16BIT 0x0063
#define BT_SNDMTU 12
#define BT_RCVMTU 13
#define BT_PHY 14
#define BT_PHY_BR_1M_1SLOT (1 << 0)
#define BT_PHY_BR_1M_3SLOT (1 << 1)
#define BT_PHY_BR_1M_5SLOT (1 << 2)
#define BT_PHY_EDR_2M_1SLOT (1 << 3)
#define BT_PHY_EDR_2M_3SLOT (1 << 4)
#define BT_PHY_EDR_2M_5SLOT (1 << 5)
#define BT_PHY_EDR_3M_1SLOT (1 << 6)
#define BT_PHY_EDR_3M_3SLOT (1 << 7)
#define BT_PHY_EDR_3M_5SLOT (1 << 8)
#define BT_PHY_LE_1M_TX (1 << 9)
#define BT_PHY_LE_1M_RX (1 << 10)
#define BT_PHY_LE_2M_TX (1 << 11)
#define BT_PHY_LE_2M_RX (1 << 12)
#define BT_PHY_LE_CODED_TX (1 << 13)
#define BT_PHY_LE_CODED_RX (1 << 14)
#define BT_MODE 15
#define BT_MODE_BASIC 0
#define BT_MODE_ERTM 1
#define BT_MODE_STREAMING 2
#define BT_MODE_LE_FLOWCTL 3
#define BT_MODE_EXT_FLOWCTL 4
#define BT_PKT_STATUS 16
#define BT_ISO_QOS 17
#define BT_CODEC 19

// Options at SOL_HCI, and the channels of an HCI address.
#define HCI_DATA_DIR 1
#define HCI_FILTER 2
#define HCI_TIME_STAMP 3
#define HCI_DEV_NONE 0xffff
#define HCI_CHANNEL_RAW 0
#define HCI_CHANNEL_USER 1
#define HCI_CHANNEL_MONITOR 2
#define HCI_CHANNEL_CONTROL 3
#define HCI_CHANNEL_LOGGING 4

// Options at SOL_L2CAP.
#define L2CAP_LM 0x03
#define L2CAP_LM_MASTER 0x0001
#define L2CAP_LM_AUTH 0x0002
#define L2CAP_LM_ENCRYPT 0x0004
#define L2CAP_LM_TRUSTED 0x0008
#define L2CAP_LM_RELIABLE 0x0010
#define L2CAP_LM_SECURE 0x0020

// Addresses. A device address is six bytes, the last one first.
struct sockaddr_l2 {
  sa_family_t l2_family;
  uint16_t l2_psm;  // little-endian
  uint8_t l2_bdaddr[6];
  uint16_t l2_cid;  // little-endian
  uint8_t l2_bdaddr_type;
};

struct sockaddr_rc {
  sa_family_t rc_family;
  uint8_t rc_bdaddr[6];
  uint8_t rc_channel;
};

struct sockaddr_hci {
  sa_family_t hci_family;
  uint16_t hci_dev;
  uint16_t hci_channel;
};

struct sockaddr_sco {
  sa_family_t sco_family;
  uint8_t sco_bdaddr[6];
};

static_assert(sizeof(sockaddr_l2) == 14 && sizeof(sockaddr_rc) == 10 && sizeof(sockaddr_hci) == 6 &&
              sizeof(sockaddr_sco) == 8);

#endif  // BERKELEY_OS_LINUX_BLUETOOTH_H_
