# Fills a fresh Tryton 6.0 with the demo company: currencies, chart of accounts,
# fiscal years, parties and the user of our connector. Safe to repeat.
#   bootstrap.py CONF DATABASE "YEAR YEAR ..." BOT_PASSWORD
import datetime
import sys
from decimal import Decimal

from proteus import Model, Wizard
from proteus import config as proteus_config

conf, database, years, bot_password = sys.argv[1], sys.argv[2], sys.argv[3].split(), sys.argv[4]
config = proteus_config.set_trytond(database, user='admin', config_file=conf)

# code, name, party required, the chart account whose type it takes over
ACCOUNTS = [
    ('1001', '库存现金 Cash', False, 'Main Cash'),
    ('1002', '银行存款 Bank', False, 'Main Cash'),
    ('1122', '应收账款 Receivable', True, 'Main Receivable'),
    ('1123', '预付账款 Prepayments', True, 'Main Receivable'),
    ('1221', '其他应收款 Other receivables', True, 'Main Receivable'),
    ('2202', '应付账款 Payable', True, 'Main Payable'),
    ('2211', '应付职工薪酬 Staff payable', True, 'Main Payable'),
    ('2221', '应交税费 Taxes payable', False, 'Main Tax'),
    ('222101', '应交增值税（进项税额） Input VAT', False, 'Main Tax'),
    ('2241', '其他应付款 Other payables', True, 'Main Payable'),
    ('6001', '主营业务收入 Revenue', False, 'Main Revenue'),
    ('6601', '销售费用 Selling expense', False, 'Main Expense'),
    ('6602', '管理费用 Administrative expense', False, 'Main Expense'),
    ('660201', '差旅费 Travel', False, 'Main Expense'),
    ('660202', '业务招待费 Entertainment', False, 'Main Expense'),
    ('660203', '办公费 Office', False, 'Main Expense'),
    ('660204', '交通费 Transport', False, 'Main Expense'),
    ('660205', '通讯费 Telecom', False, 'Main Expense'),
    ('660206', '培训费 Training', False, 'Main Expense'),
    ('660207', '软件与服务 Software and services', False, 'Main Expense'),
    ('6603', '财务费用 Finance expense', False, 'Main Expense'),
]
PARTIES = [
    ('lin', '林晓'), ('zhao', '赵敏'), ('wang', '王芳'), ('chen', '陈磊'), ('liu', '刘强'), ('sun', '孙悦'),
    ('admin', '何静'), ('audit', '周明'), ('emma', 'Emma Brown'), ('max', 'Max Weber'),
    ('SUP001', '上海启明办公用品有限公司'), ('SUP002', '杭州云帆信息服务有限公司'), ('SUP003', '云杉投资管理有限公司'),
]
CURRENCIES = [('CNY', '¥', 2, '1'), ('EUR', '€', 2, '0.128'), ('USD', '$', 2, '0.14'), ('JPY', 'JP¥', 0, '21')]


def one(model, domain):
    rows = model.find(domain, limit=1)
    return rows[0] if rows else None


Currency, Party, Company, User = map(Model.get, (
    'currency.currency', 'party.party', 'company.company', 'res.user'))
for code, symbol, digits, rate in CURRENCIES:
    if not one(Currency, [('code', '=', code)]):
        c = Currency(name=code, code=code, symbol=symbol, digits=digits, rounding=Decimal(1).scaleb(-digits))
        r = c.rates.new()
        r.date, r.rate = datetime.date(2000, 1, 1), Decimal(rate)
        c.save()

company = one(Company, [])
if not company:
    party = Party(name='Demo Co')
    party.save()
    w = Wizard('company.company.config')
    w.execute('company')
    w.form.party, w.form.currency = party, one(Currency, [('code', '=', 'CNY')])
    w.execute('add')
    company = one(Company, [])
config._context = User.get_preferences(True, {})

Account, FiscalYear, Journal, Sequence, Strict, SequenceType = map(Model.get, (
    'account.account', 'account.fiscalyear', 'account.journal', 'ir.sequence', 'ir.sequence.strict',
    'ir.sequence.type'))
if not one(Account, [('company', '=', company.id)]):
    template, = Model.get('ir.model.data').find(
        [('module', '=', 'account'), ('fs_id', '=', 'account_template_root_en')], limit=1)
    w = Wizard('account.create_chart')
    w.execute('account')
    w.form.account_template = Model.get('account.account.template')(template.db_id)
    w.form.company = company
    w.execute('create_account')
    w.form.account_receivable = one(Account, [('type.receivable', '=', True), ('party_required', '=', True)])
    w.form.account_payable = one(Account, [('type.payable', '=', True), ('party_required', '=', True)])
    w.execute('create_properties')
    models = {a.name: a for a in Account.find([('company', '=', company.id)])}
    taken = set()
    for code, name, party_required, like in ACCOUNTS:
        model = models[like]
        if like not in taken:  # the chart's own account becomes the first of its kind
            taken.add(like)
            model.code, model.name = code, name
            model.save()
            continue
        a = Account(name=name, code=code, company=company, type=model.type, parent=model.parent)
        a.party_required, a.reconcile, a.deferral = party_required, party_required, model.deferral
        a.save()

move_type, = SequenceType.find([('name', '=', 'Account Move')], limit=1)
invoice_type, = SequenceType.find([('name', '=', 'Invoice')], limit=1)
for year in map(int, years):
    if one(FiscalYear, [('start_date', '=', datetime.date(year, 1, 1)), ('company', '=', company.id)]):
        continue
    fy = FiscalYear(name=str(year), company=company)
    fy.start_date, fy.end_date = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    s = Sequence(name='Move %d' % year, sequence_type=move_type, company=company)
    s.save()
    fy.post_move_sequence = s
    si = Strict(name='Invoice %d' % year, sequence_type=invoice_type, company=company)
    si.save()
    line = fy.invoice_sequences[0] if fy.invoice_sequences else fy.invoice_sequences.new()
    line.in_invoice_sequence = line.in_credit_note_sequence = si
    line.out_invoice_sequence = line.out_credit_note_sequence = si
    fy.save()
    fy.click('create_period')
    if year == int(years[0]):  # one closed period, so that a closed period can be met
        sorted(fy.periods, key=lambda p: p.start_date)[0].click('close')

journal_type, = SequenceType.find([('name', '=', 'Account Journal')], limit=1)
for journal in Journal.find([]):
    if not journal.sequence:
        s = Sequence(name=journal.name, sequence_type=journal_type, company=company)
        s.save()
        journal.sequence = s
        journal.save()

for code, name in PARTIES:
    if not one(Party, [('code', '=', code)]):
        Party(name=name, code=code).save()

bot = one(User, [('login', '=', 'erpbot')])
if not bot:
    bot = User(name='ERP bot', login='erpbot')
    bot.password = bot_password
    bot.companies.append(company)
    bot.save()
    bot.company = company
    for group in Model.get('res.group').find(
            [('name', 'in', ['Account', 'Account Administration', 'Currency Administration'])]):
        bot.groups.append(group)
    bot.save()
