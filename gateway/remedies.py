"""What each reason of a channel means, and what to do about it, in both languages.

The status page and `menshen doctor` say the same. A reason that varies stands here up to where it
does; one that nobody foresaw is shown as it is, with the remedy that helps most often.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Remedy(NamedTuple):
    """What is the matter, and what to do; nothing where it passes by itself, or all is well."""

    en: str
    do_en: str
    zh: str
    do_zh: str

    def what(self, language: Language) -> str:
        """Say what is the matter."""
        return self.zh if language == "zh" else self.en

    def do(self, language: Language) -> str:
        """Say what to do."""
        return self.do_zh if language == "zh" else self.do_en


REMEDIES: Mapping[str, Remedy] = {
    # of any channel
    "ready": Remedy("ready", "", "就绪", ""),
    "starting": Remedy(
        "starting",
        "wait a minute; then see whether another program holds the port (ModemManager)",
        "正在启动",
        "等一分钟；还不行就查是否有别的程序占用端口（ModemManager）",
    ),
    "stopped": Remedy("stopped", "start the gateway", "已停止", "启动网关"),
    "no_answer": Remedy(
        "no answer",
        "see whether it is the modem's AT port and its baud rate; for a provider, the uplink",
        "无应答",
        "查端口是否为 AT 口、波特率是否正确；服务商通道查网络",
    ),
    "no_answer_yet": Remedy(
        "a text has been with the modem for long",
        "wait: other channels take what waits",
        "应答迟缓",
        "稍等，其他通道会接手",
    ),
    # of a modem
    "not_registered": Remedy(
        "no network",
        "look at the antenna and the SIM; see whether the SIM is paid for",
        "没有网络",
        "查天线和 SIM 卡，查是否欠费",
    ),
    "restarting": Remedy(
        "the modem restarts again and again",
        "give it a better power supply: it draws 2 A in bursts",
        "模块反复重启",
        "换供电：发射时瞬间 2 A",
    ),
    "reset": Remedy(
        "the modem restarted while it was set up",
        "if it comes again: a better power supply",
        "设置时模块重启",
        "再次出现就换供电",
    ),
    "sim_pin_wanted": Remedy(
        "the SIM wants its PIN",
        "write the PIN into a file and set pin_file",
        "SIM 卡要 PIN",
        "把 PIN 写进文件并设置 pin_file",
    ),
    "sim_pin_refused": Remedy(
        "the PIN was wrong",
        "mend pin_file before the third try locks the SIM, then reboot",
        "PIN 错误",
        "改正 pin_file 后重启机器；错三次会锁卡",
    ),
    "sim_pin_tried_already": Remedy(
        "the PIN was tried since the boot and did not help",
        "mend pin_file, then reboot: it is tried once a boot",
        "PIN 本次开机已试过",
        "改正 pin_file 后重启机器",
    ),
    "sim_pin_few_tries_left": Remedy(
        "the SIM takes few more wrong PINs: none is spent",
        "enter the right PIN in a phone, which restores the count",
        "PIN 剩余次数不足，不再尝试",
        "把卡放进手机输入正确 PIN",
    ),
    "sim_busy": Remedy("the SIM is not ready yet", "wait a minute", "SIM 卡未就绪", "等一分钟"),
    "sim_wants_": Remedy(
        "the SIM wants something else than its PIN, such as the PUK",
        "put it into a phone and unlock it there",
        "SIM 卡要 PUK 等其他密码",
        "把卡放进手机解锁",
    ),
    "sim_fault_": Remedy(
        "no SIM, or a broken one",
        "put the SIM in again, or take another",
        "没有 SIM 卡或卡已坏",
        "重插或换卡",
    ),
    "no_store_for_texts": Remedy(
        "the SIM keeps no texts", "take another SIM", "SIM 卡不能存短信", "换卡"
    ),
    "no_service_centre": Remedy(
        "the SIM knows no service centre",
        "set the service centre's number (SMSC) on the SIM in a phone",
        "没有短信中心号码",
        "把卡放进手机设置短信中心号码",
    ),
    "port_absent": Remedy(
        "the port is not there, or may not be opened",
        "plug the modem in; name it by /dev/serial/by-id; add the user to the group dialout",
        "端口不存在或无权限",
        "插好模块；用 /dev/serial/by-id 路径；用户要在 dialout 组",
    ),
    "port_busy": Remedy(
        "another program holds the port",
        "stop ModemManager, or that program",
        "端口被占用",
        "停用 ModemManager 或该程序",
    ),
    "echo_refused": Remedy(
        "the modem refuses a basic command",
        "see whether it is a modem's AT port; take it off power for ten seconds",
        "模块拒绝基本命令",
        "查端口是否为 AT 口；断电十秒再试",
    ),
    "pdu_mode_refused": Remedy(
        "the modem refuses to send texts",
        "see whether it is a modem's AT port; take it off power for ten seconds",
        "模块不支持短信",
        "查端口是否为 AT 口；断电十秒再试",
    ),
    "announcements_refused": Remedy(
        "the modem will not say what comes in",
        "take it off power for ten seconds; else take another modem",
        "模块不报来信",
        "断电十秒再试；不行换模块",
    ),
    "radio_off": Remedy(
        "the radio does not switch on",
        "take the modem off power for ten seconds",
        "射频打不开",
        "断电十秒再试",
    ),
    "driver_failed": Remedy(
        "a mistake of ours; it starts again by itself",
        "keep the log and report it",
        "驱动出错，会自动重来",
        "保留日志并报告",
    ),
    # of the console
    "stream_closed": Remedy(
        "the terminal is gone", "take a modem: this is for trying out", "终端已关闭", "换用模块"
    ),
    # of a provider
    "trying_again": Remedy(
        "the next text finds out whether it works again", "", "下一条短信再试", ""
    ),
    "no_template": Remedy(
        "no template for alarms",
        "have one approved and set templates.alarm",
        "没有告警模板",
        "申请模板并设置 templates.alarm",
    ),
    "credentials_refused": Remedy(
        "the provider does not know this key",
        "look at the files with the key; was it disabled in the console?",
        "密钥无效",
        "查密钥文件；控制台是否已停用",
    ),
    "permission_refused": Remedy(
        "the key may not send texts",
        "give its sub-account the right to send texts",
        "密钥无发短信权限",
        "给子账号短信权限",
    ),
    "account_unusable": Remedy(
        "the account is stopped or not verified",
        "look at the provider's console",
        "账号停用或未实名",
        "到服务商控制台处理",
    ),
    "balance_empty": Remedy(
        "the balance is used up", "pay the provider", "余额不足", "给服务商充值"
    ),
    "our_address_refused": Remedy(
        "the provider refuses our network address",
        "add this machine's address to the list in the console",
        "本机 IP 不在白名单",
        "控制台加入本机 IP",
    ),
    "signature_refused": Remedy(
        "the signature is not approved",
        "compare sign_name with the console",
        "签名未通过",
        "核对 sign_name 与控制台",
    ),
    "template_refused": Remedy(
        "the template is not approved, or its variables differ",
        "compare id and fields with the console",
        "模板未通过或变量不符",
        "核对模板 id 和变量",
    ),
    "clock_wrong": Remedy(
        "this machine's clock is wrong", "start chrony or systemd-timesyncd", "本机时钟不准", "校时"
    ),
    "limit_used_up": Remedy(
        "the day's limit of the account is used up",
        "raise it in the console, or wait for tomorrow",
        "账号当日限额用完",
        "控制台调高限额，或等明天",
    ),
    "sdk_broken": Remedy(
        "the provider's package does not load",
        "install it again with pip; the log says what it misses",
        "服务商的软件包装不上",
        "用 pip 重装，缺什么看日志",
    ),
    "unreachable": Remedy(
        "the provider cannot be reached",
        "look at the uplink and at name resolution",
        "连不上服务商",
        "查外网和域名解析",
    ),
    # of a push service
    "not_connected": Remedy(
        "the service cannot be reached", "look at the uplink", "连不上推送服务", "查外网"
    ),
    "service_failed": Remedy(
        "the service failed", "look at the service", "推送服务出错", "查推送服务"
    ),
    "http_": Remedy(
        "the service answered with an error", "look at the service", "推送服务报错", "查推送服务"
    ),
    "smtp_": Remedy(
        "the mail server refused", "look at the mail account", "邮件服务器拒收", "查邮箱账号"
    ),
}

UNFORESEEN = Remedy("", "see the log: `journalctl -u menshen`", "", "查日志 journalctl -u menshen")


def remedy_for(reason: str) -> Remedy:
    """Return the remedy for a reason, whatever it ends in."""
    known = REMEDIES.get(reason) or next(
        (each for start, each in REMEDIES.items() if start[-1] == "_" and reason.startswith(start)),
        None,
    )
    said = reason.replace("_", " ")
    return known or UNFORESEEN._replace(en=said, zh=said)
