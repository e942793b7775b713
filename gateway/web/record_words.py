"""The words of the resident's page and of certificates: plain, and without pressure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordWords:
    """One language."""

    tag: str
    other: str
    other_name: str
    title: str
    intro: str
    code: str
    code_hint: str
    show: str
    wrong: str
    wait: str
    order: str
    runs: str
    released: str
    served: str
    not_served: str
    kept_running: str
    kept_until: str
    devices: str
    records: Mapping[str, str]
    records_nothing: str
    cannot: str
    openings: str
    announced: str
    not_announced: str
    still: str
    others: str
    unknown: str
    unknown_hint: str
    told: str
    gone: str
    not_gone: str
    somebody: str
    permits: str
    purposes: Mapping[str, str]
    revoked: str
    looked: str
    nobody_looked: str
    roles: Mapping[str, str]
    nothing: str
    more: str
    show_all: str
    contest: str
    contest_hint: str
    contest_words: str
    send: str
    sent: str
    too_late: str
    too_many: str
    yours: str
    answer: str
    no_answer_yet: str
    certificate: str
    promised: str
    destroyed: str
    issued_for: str
    released_on: str
    destroyed_on: str
    not_yet: str
    copies: str
    copies_are: Mapping[str, str]
    went: str
    classes: Mapping[str, str]
    audit: str
    number: str
    signed_by: str
    digest: str
    verify: str
    as_json: str


CHINESE = RecordWords(
    tag="zh-CN",
    other="en",
    other_name="English",
    title="我的记录",
    intro="在这里可以看到您家门口记录了什么、告诉过谁、保留到什么时候。",
    code="查询码",
    code_hint="12 位，由工作人员交给您",
    show="查看",
    wrong="没有与此查询码对应的记录。请核对后再试，或向工作人员索取新的查询码。",
    wait="尝试次数较多，请在 {time} 后再试。",
    order="隔离期",
    runs="{start} 至 {end}",
    released="已于 {time} 解除，不再记录，也不再通知任何人。",
    served="告知书送达：{time}",
    not_served="没有告知书送达记录，因此未启用监看。",
    kept_running="隔离期结束后，您的记录会被封存，14 天后彻底销毁。",
    kept_until="记录已封存，只有凭查询码或处理异议时才能打开；{time} 起彻底销毁。",
    devices="设备",
    records={
        "door": "门开、关的时间",
        "seal": "封条完好、断开或取下",
        "tamper": "设备是否被拆动",
        "camera": "门外有人出、入、停留；不保存画面和声音",
        "button": "您按下按钮的时间",
        "power": "是否有电",
        "heartbeat": "设备是否正常",
        "status": "设备是否在线",
    },
    records_nothing="还没有报告过内容",
    cannot="这些设备不能录音，不能拍摄室内，也不能锁门或开门。",
    openings="开门",
    announced="已报备",
    not_announced="未报备",
    still="至今",
    others="其他记录",
    unknown="无法得知的时间",
    unknown_hint="这些时间里没人能知道门的状态，既不算开，也不算关。",
    told="发出的短信",
    gone="已发出",
    not_gone="未发出",
    somebody="工作人员",
    permits="报备",
    purposes={
        "meal": "用餐",
        "test": "检测",
        "medical": "就医",
        "waste": "垃圾",
        "delivery": "收件",
        "other": "其他",
        "announced": "按钮报备",
    },
    revoked="已收回",
    looked="谁查看过完整信息",
    nobody_looked="没有人查看过。",
    roles={
        "worker": "网格员",
        "doctor": "社康医生",
        "police": "民警",
        "lead": "牵头干部",
        "street": "街道",
        "maintainer": "维护人员",
        "installer": "安装员",
        "team_member": "三人组成员",
        "supervisor": "督导",
        "administrator": "管理员",
        "auditor": "审计员",
        "machine": "网关操作员",
    },
    nothing="没有。",
    more="另有 {n} 条。",
    show_all="显示全部",
    contest="对记录有异议？",
    contest_hint="设备会出错。请写下哪里不对，督导人员会查看并在此答复。不写姓名和电话也可以。",
    contest_words="哪里不对（最多 500 字）",
    send="提交",
    sent="已收到您的异议，答复会显示在本页。",
    too_late="可以提出异议的时间已过，记录正在销毁。",
    too_many="您已有多条异议在等待答复。",
    yours="您的异议",
    answer="答复",
    no_answer_yet="还没有答复。",
    certificate="数据删除证明",
    promised="已解除，数据已封存，密钥到期销毁",
    destroyed="密钥已销毁，数据永远无法读取",
    issued_for="本证明不含姓名、住址和联系方式。",
    released_on="解除日期",
    destroyed_on="密钥销毁日期",
    not_yet="尚未销毁",
    copies="InfluxDB 中的副本",
    copies_are={
        "none": "从未写入",
        "deleted": "已删除，{on} 查询确认无残留",
        "not_proven": "已要求删除，尚未确认；确认后本证明会更新",
    },
    went="随之无法读取的内容",
    classes={
        "tries_to_send": "发送尝试",
        "texts": "短信",
        "steps": "处置步骤",
        "findings": "发现",
        "incidents": "事件",
        "unknown_times": "无法判断的时段",
        "refused_points": "InfluxDB 拒收的数据",
        "permits": "报备",
        "silences": "静默",
        "decisions": "判断",
        "residents": "住户信息",
        "device_bindings": "设备安装记录",
        "registry_changes": "登记变更",
        "installings": "安装记录",
        "devices": "设备",
        "orders": "隔离令",
        "contests": "异议",
        "words_of_the_audit": "审计说明",
    },
    audit="审计链位置",
    number="证明编号",
    signed_by="签名密钥指纹",
    digest="本证明摘要",
    verify="核验：menshen certificate verify 文件；公钥见 /certificate-key。",
    as_json="下载证明文件",
)

ENGLISH = RecordWords(
    tag="en",
    other="zh",
    other_name="中文",
    title="My record",
    intro="See what was recorded at your door, who was told, and how long it is kept.",
    code="Code",
    code_hint="12 characters; staff give it to you",
    show="Show",
    wrong="No record has this code. Check it and try again, or ask staff for a new one.",
    wait="There were many tries. Please try again in {time}.",
    order="Order",
    runs="{start} to {end}",
    released="Released on {time}. Nothing is recorded, and nobody is told anything any more.",
    served="Notice served: {time}",
    not_served="No notice is on record, so the home is not watched.",
    kept_running="When the order ends your record is sealed, and destroyed 14 days later.",
    kept_until=(
        "The record is sealed: only your code, or answering a contest, opens it."
        " From {time} it is destroyed."
    ),
    devices="Devices",
    records={
        "door": "when the door opens and closes",
        "seal": "whether the seal is whole, broken or removed",
        "tamper": "whether the device was taken off",
        "camera": "somebody leaving, coming or staying outside; keeps no picture and no sound",
        "button": "when you pressed it",
        "power": "whether it has power",
        "heartbeat": "whether it works",
        "status": "whether it is online",
    },
    records_nothing="has reported nothing yet",
    cannot="These devices cannot hear, cannot see inside, and cannot lock or open your door.",
    openings="Door openings",
    announced="announced",
    not_announced="not announced",
    still="until now",
    others="Also recorded",
    unknown="Times that are unknown",
    unknown_hint="Nobody can say what the door did then: it counts as neither open nor closed.",
    told="Texts that were sent",
    gone="sent",
    not_gone="not sent",
    somebody="staff",
    permits="Announced openings",
    purposes={
        "meal": "meal",
        "test": "test",
        "medical": "doctor",
        "waste": "waste",
        "delivery": "delivery",
        "other": "other",
        "announced": "by the button",
    },
    revoked="taken back",
    looked="Who saw in full what is masked",
    nobody_looked="Nobody did.",
    roles={
        "worker": "community worker",
        "doctor": "community doctor",
        "police": "police officer",
        "lead": "lead",
        "street": "street office",
        "maintainer": "maintainer",
        "installer": "installer",
        "team_member": "team member",
        "supervisor": "supervisor",
        "administrator": "administrator",
        "auditor": "auditor",
        "machine": "operator of the gateway",
    },
    nothing="None.",
    more="{n} more.",
    show_all="Show all",
    contest="Is something wrong?",
    contest_hint=(
        "Devices err. Write what is wrong; a supervisor looks at it and answers here."
        " You need not give a name or phone."
    ),
    contest_words="What is wrong (up to 500 characters)",
    send="Send",
    sent="We have it. The answer will be shown on this page.",
    too_late="The time for contesting is over, and the record is being destroyed.",
    too_many="Several of yours wait for an answer already.",
    yours="What you wrote",
    answer="Answer",
    no_answer_yet="No answer yet.",
    certificate="Certificate of deletion",
    promised="Released; the data is sealed, and its key will be destroyed",
    destroyed="The key is destroyed; the data can never be read again",
    issued_for="It holds no name, address or phone.",
    released_on="Released on",
    destroyed_on="Key destroyed on",
    not_yet="not yet",
    copies="Copies in InfluxDB",
    copies_are={
        "none": "there were none",
        "deleted": "deleted; on {on} a query found nothing any more",
        "not_proven": "to be deleted, not proven yet: then this certificate will say so",
    },
    went="What can be read no more",
    classes={
        "tries_to_send": "tries to send",
        "texts": "texts",
        "steps": "steps taken",
        "findings": "findings",
        "incidents": "incidents",
        "unknown_times": "times in which nobody could say",
        "refused_points": "data that InfluxDB refused",
        "permits": "permits",
        "silences": "silences",
        "decisions": "decisions",
        "residents": "residents",
        "device_bindings": "where devices hung",
        "registry_changes": "changes of the register",
        "installings": "installings",
        "devices": "devices",
        "orders": "orders",
        "contests": "contests",
        "words_of_the_audit": "words of the audit",
    },
    audit="Where the audit stood",
    number="Certificate",
    signed_by="Fingerprint of the key",
    digest="Digest of this certificate",
    verify="To verify: menshen certificate verify FILE; the public key is at /certificate-key.",
    as_json="Download the certificate",
)

LANGUAGES: Mapping[str, RecordWords] = {"zh": CHINESE, "en": ENGLISH}
